// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Physr.Storage.Files;
using Physr.Storage.Mapping;

namespace Physr.Storage.Tests.Mapping;

/// <summary>Files of a store in process memory: mapped where they lie, cut and cloned while they are.</summary>
public sealed class MountedFileTests : IDisposable
{
    private readonly MountedStore _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void R80c_AFileIsMappedByLargePages_WithDescriptorsOnlyWhileItIs()
    {
        byte[] content = Random(4 << 20, 1);
        MountedFile file = _host.Create("a", content);
        Assert.Equal(0, _host.Descriptors);
        using AddressSpace one = new(_host.Memory, "one");
        using AddressSpace other = new(_host.Memory, "other");
        VirtualAddress here = MountedStore.Map(one, file);
        VirtualAddress there = MountedStore.Map(other, file);
        Assert.Equal(1024, _host.Descriptors);
        Assert.Equal(content, MountedStore.Read(one, here, content.Length));
        Assert.True(one.Write(here.Add(12345), Random(100, 2)).IsDone);
        Assert.Equal(Random(100, 2), MountedStore.Read(other, there.Add(12345), 100));
        Assert.Equal(Errno.None, file.TrySync());
        byte[] stored = new byte[100];
        Assert.Equal(Errno.None, file.File.TryRead(12345, stored, out _));
        Assert.Equal(Random(100, 2), stored);
        Assert.Equal(Errno.None, one.TryUnmap(here, file.File.Length));
        Assert.Equal(1024, _host.Descriptors);
        Assert.Equal(Errno.None, other.TryUnmap(there, file.File.Length));
        Assert.Equal(0, _host.Descriptors);
    }

    [Fact]
    public void R83a_ACutWaitsForATransfer_AndTouchesBeyondEndInABusError()
    {
        byte[] content = Random(64 << 10, 3);
        MountedFile file = _host.Create("a", content);
        using AddressSpace space = new(_host.Memory, "process");
        VirtualAddress at = MountedStore.Map(space, file);
        Assert.Equal(Errno.None, space.TryPin(at.Add(32 << 10), 32 << 10, PinFlags.None, out PinnedMemory? pinned));
        int looks = 0;
        Assert.Equal(Errno.EINTR, file.TrySetLength(16 << 10, static () => false));
        Assert.Equal(Errno.ERESTARTSYS, file.TrySetLength(16 << 10, wait: null));
        Assert.Equal(64UL << 10, file.File.Length);
        Assert.Equal(content, MountedStore.Read(space, at, content.Length));
        Assert.Equal(Errno.None, file.TrySetLength(16 << 10, () =>
        {
            if (++looks == 2)
            {
                pinned!.Dispose();
            }

            return true;
        }));
        Assert.Equal(2, looks);
        Assert.Equal(AccessOutcome.BusError, space.Load(at.Add(16 << 10), out byte _));
        Assert.Equal(content[..(16 << 10)], MountedStore.Read(space, at, 16 << 10));
    }

    [Fact]
    public void AChangePastTheMountOfWhatIsMappedIsRefused_AndChangesNothing()
    {
        MountedFile file = _host.Create("a", Random(64 << 10, 4));
        using AddressSpace space = new(_host.Memory, "process");
        VirtualAddress at = MountedStore.Map(space, file);
        Assert.Equal(AccessOutcome.Done, space.Load(at, out byte _));
        Assert.Equal(Errno.EBUSY, file.File.TrySetLength(0));
        Assert.Equal(Errno.EBUSY, _host.Store.TryUnlink("a"));
        Assert.Equal(64UL << 10, file.File.Length);
        Assert.Equal(Errno.None, _host.Mount.TryUnlink("a"));
        Assert.Equal(AccessOutcome.BusError, space.Load(at, out byte _));
    }

    [Fact]
    public void R81a_AClonesPagesAreOne_UntilAStoreThroughEitherPartsThem()
    {
        byte[] content = Random(4 << 20, 5);
        MountedFile file = _host.Create("a", content);
        using AddressSpace space = new(_host.Memory, "process");
        VirtualAddress at = MountedStore.Map(space, file);
        Assert.Equal(AccessOutcome.Done, space.Store(at, 1UL));
        Assert.Equal(Errno.None, file.TryClone("b", out MountedFile? clone));
        VirtualAddress alias = MountedStore.Map(space, clone!);
        Assert.Equal(AccessOutcome.Done, space.Load(alias, out ulong shared));
        Assert.Equal(1UL, shared);
        Assert.Equal(1024, _host.Descriptors);

        Assert.Equal(AccessOutcome.Done, space.Store(at, 2UL));
        Assert.Equal(AccessOutcome.Done, space.Store(alias.Add(8192), 3UL));
        Assert.Equal(AccessOutcome.Done, space.Load(alias, out ulong kept));
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong mine));
        Assert.Equal((1UL, 2UL), (kept, mine));
        Assert.Equal(content[8192..8200], MountedStore.Read(space, at.Add(8192), 8));
        Assert.Equal(content[(3 << 20)..], MountedStore.Read(space, alias.Add(3 << 20), 1 << 20));
    }

    [Fact]
    public void AHoleIsFilledByAStoreThroughTheMapping_AndIsInTheFileThen()
    {
        Assert.Equal(Errno.None, _host.Store.TryCreate("a", out StoreFile? made));
        Assert.Equal(Errno.None, made!.TrySetLength(1 << 20));
        Assert.Equal(Errno.None, _host.Mount.TryOpen("a", out MountedFile? file));
        using AddressSpace space = new(_host.Memory, "process");
        VirtualAddress at = MountedStore.Map(space, file!);
        Assert.Equal(AccessOutcome.Done, space.Load(at.Add(4096), out ulong zero));
        Assert.Equal(0UL, zero);
        Assert.Equal(0, _host.Descriptors);
        Assert.Equal(AccessOutcome.Done, space.Store(at.Add(4096), 9UL));
        Assert.Equal(Errno.None, file!.TrySync());
        Assert.Equal(512, _host.Descriptors);
        byte[] stored = new byte[8];
        Assert.Equal(Errno.None, made.TryRead(4096, stored, out _));
        Assert.Equal(9UL, BitConverter.ToUInt64(stored));
        Assert.Equal(Errno.None, file.TryPunchHole(0, 1 << 20));
        Assert.Equal(AccessOutcome.Done, space.Load(at.Add(4096), out ulong again));
        Assert.Equal(0UL, again);
    }

    [Fact]
    public void AFullStoreEndsAStoreIntoAHoleInABusError_AndTheRestGoesOn()
    {
        Assert.Equal(Errno.None, _host.Store.TryCreate("filler", out StoreFile? filler));
        Assert.Equal(Errno.None, filler!.TryAllocate(0, _host.Store.FreeBlocks * 4096));
        Assert.Equal(Errno.None, _host.Store.TryCreate("a", out StoreFile? made));
        Assert.Equal(Errno.None, made!.TrySetLength(8192));
        Assert.Equal(Errno.None, _host.Mount.TryOpen("a", out MountedFile? file));
        using AddressSpace space = new(_host.Memory, "process");
        VirtualAddress at = MountedStore.Map(space, file!);
        Assert.Equal(AccessOutcome.BusError, space.Store(at, 1UL));
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong zero));
        Assert.Equal(0UL, zero);
    }

    [Fact]
    public async Task ManyThreadsMapTouchPinAndCutOneFile_AndNothingIsLeft()
    {
        byte[] content = Random(4 << 20, 6);
        MountedFile file = _host.Create("a", content);
        using CancellationTokenSource end = new(TimeSpan.FromMilliseconds(800));
        int seed = Environment.TickCount;
        Task[] workers = [.. Enumerable.Range(0, 3).Select(number => Task.Run(() =>
        {
            Random random = new(seed + number);
            using AddressSpace space = new(_host.Memory, $"process {number}");
            while (!end.IsCancellationRequested)
            {
                Assert.Equal(Errno.None, space.TryMap(new(4 << 20, Protection.ReadWrite) { File = file.Mapped, IsShared = random.Next(3) != 0 }, out VirtualAddress at));
                for (int i = 0; i < 40; i++)
                {
                    ulong offset = (ulong)random.Next(1024) * 4096;
                    switch (random.Next(3))
                    {
                        case 0:
                            Assert.Contains(space.Load(at.Add(offset), out ulong _), (AccessOutcome[])[AccessOutcome.Done, AccessOutcome.BusError]);
                            break;
                        case 1:
                            Assert.Contains(space.Store(at.Add(offset), 1UL), (AccessOutcome[])[AccessOutcome.Done, AccessOutcome.BusError]);
                            break;
                        default:
                            if (space.TryPin(at.Add(offset), 4096, PinFlags.None, out PinnedMemory? pinned) == Errno.None)
                            {
                                pinned!.Dispose();
                            }

                            break;
                    }
                }

                Assert.Equal(Errno.None, space.TryUnmap(at, 4 << 20));
            }
        })), Task.Run(() =>
        {
            Random random = new(seed - 1);
            while (!end.IsCancellationRequested)
            {
                ulong cut = (ulong)random.Next(1, 1024) * 4096;
                Assert.Equal(Errno.None, random.Next(2) == 0 ? file.TryPunchHole(cut, 65536) : file.TrySetLength(cut));
                Assert.Equal(Errno.None, file.TrySetLength(4 << 20));
            }
        })];
        await Task.WhenAll(workers).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, _host.Memory.Pins);
        Assert.Equal(0, _host.Descriptors);
    }

    private static byte[] Random(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
