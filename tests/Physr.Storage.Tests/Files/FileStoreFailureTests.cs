// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;
using Physr.Storage.Files;

namespace Physr.Storage.Tests.Files;

/// <summary>The device fails at the Nth store, flush or fence.</summary>
public sealed class FileStoreFailureTests
{
    [Fact]
    public void WhateverStepFails_IsReported_AndNothingThatWasAcknowledgedIsLost()
    {
        int refusing = 0;
        int going = 0;
        for (int nth = 1; ; nth++)
        {
            FileStore store = ArrayDevice.NewStore(512 << 10, out ArrayDevice device);
            SeededRandom random = new(3);
            FileModel model = new();
            FileModel? alternative = null;
            device.FailAt = device.Steps + nth;
            int failed = 0;
            for (int i = 0; i < 120; i++)
            {
                FileOperation what = FileOperation.Choose(random, model, 5, 60_000, 9_000);
                Errno errno = what.Apply(store);
                string when = $"step {nth}, operation {i} {what}: {errno}";
                Assert.True(errno is Errno.None or Errno.EIO, when);
                if (errno == Errno.None)
                {
                    what.Apply(model);
                    continue;
                }

                failed++;
                alternative = model.Copy();
                what.Apply(alternative);
                if (store.Failure is null)
                {
                    // What failed was a store of data: the operation has not happened, save for bytes written in place.
                    going++;
                    Assert.True(store.Check() is { Count: 0 }, when);
                    model = Settle(store, model, alternative, what, when);
                    continue;
                }

                refusing++;
                Assert.NotEmpty(store.Check());
                int steps = device.Steps;
                Assert.Equal(Errno.EIO, store.TryCreate("more", out _));
                Assert.All(store.List(), name => Assert.Equal(Errno.EIO, store.TryUnlink(name)));
                Assert.Equal(steps, device.Steps);
                break;
            }

            Assert.True(failed == 1 == (device.Steps >= device.FailAt), $"step {nth} failed {failed} operations");
            FileStore mounted = device.Mount();
            Assert.True(mounted.Check(true) is { Count: 0 }, $"step {nth}");
            if (failed == 0)
            {
                FileStorePropertyTests.AssertSame(model, mounted, $"step {nth}");
                break;
            }

            if (store.Failure is not null && !mounted.List().SequenceEqual(model.Files.Keys))
            {
                Assert.True(mounted.List().SequenceEqual(alternative!.Files.Keys), $"step {nth}");
            }
        }

        Assert.True(refusing > 100 && going > 50, $"{refusing} refused, {going} went on");
    }

    /// <summary>The model after an operation that failed: before it, with the bytes in place that it reached.</summary>
    private static FileModel Settle(FileStore store, FileModel model, FileModel alternative, FileOperation what, string when)
    {
        if (what.Kind == FileOperation.What.SetLength && store.TryOpen(what.Name, out StoreFile? shorter) == Errno.None && shorter!.Length == (ulong)what.Offset)
        {
            // Shorter it is; the zeros behind the end that only a mapping would see are not there yet.
            return alternative;
        }

        Assert.True(store.List().SequenceEqual(model.Files.Keys), when);
        if (!model.Files.TryGetValue(what.Name, out byte[]? bytes))
        {
            return model;
        }

        store.TryOpen(what.Name, out StoreFile? file);
        byte[] read = new byte[bytes.Length];
        Assert.Equal(Errno.None, file!.TryRead(0, read, out int count));
        Assert.True(count == bytes.Length && file.Length == (ulong)bytes.Length, when);
        for (int i = 0; i < count; i++)
        {
            Assert.True(read[i] == bytes[i] || (i >= what.Offset && i < what.Offset + what.Length && read[i] == alternative.Files[what.Name][i]), $"{when}: byte {i}");
        }

        FileModel settled = model.Copy();
        settled.Files[what.Name] = read;
        return settled;
    }

    [Fact]
    public void AFailedFlush_IsNotForgottenByTheNextSync()
    {
        FileStore store = ArrayDevice.NewStore(256 << 10, out ArrayDevice device);
        store.TryCreate("a", out StoreFile? file);
        file!.TryWrite(0, new byte[4096]);
        Assert.Equal(Errno.None, file.TryWrite(0, [1, 2, 3], WriteDurability.AfterSync));
        device.FailAt = device.Steps + 1;
        Assert.Equal(Errno.EIO, file.TrySync());
        Assert.Equal(Errno.EIO, file.TrySync());
        Assert.Contains("flush", store.Failure, StringComparison.Ordinal);
        Assert.Equal(Errno.None, file.TryRead(0, new byte[3], out _));
    }
}
