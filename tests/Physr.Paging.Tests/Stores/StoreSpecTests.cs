// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>A store's description comes back as it was written, and bytes that are none are refused.</summary>
public sealed class StoreSpecTests
{
    private static readonly StoreSpec[] s_specs =
    [
        new(StoreKind.Memory, 4096),
        new(StoreKind.File, 1ul << 40) { Path = "/var/lib/päge/store", AllowsBuffered = true },
        new(StoreKind.Zstd, 8192) { Level = -5 },
        new(StoreKind.User, 8192) { Path = "/opt/a.dll", TypeName = "A.B", Argument = "x=1;\0y=€", TimeLimitMs = 17, Failures = [new(StoreCall.Flush, 1, ulong.MaxValue, Errno.EIO), new(StoreCall.Read, 7, 1, Errno.None, StoreFailure.ForEver)] },
    ];

    [SkippableFact]
    public void ItComesBackAsItWasWritten()
    {
        byte[] bytes = new byte[StoreSpec.MostBytes];
        foreach (StoreSpec spec in s_specs)
        {
            int length = spec.Write(bytes);
            Assert.Equal(spec.Bytes, length);
            Assert.True(StoreSpec.TryParse(bytes.AsSpan(0, length), out StoreSpec? read, out string reason), reason);
            Assert.Equal(spec.Failures, read!.Failures);
            Assert.Equal(spec with { Failures = [] }, read with { Failures = [] }, (left, right) => left.ToString() == right.ToString());
            for (int shorter = 0; shorter < length; shorter++)
            {
                Assert.False(StoreSpec.TryParse(bytes.AsSpan(0, shorter), out read, out reason));
                Assert.Null(read);
                Assert.NotEqual("", reason);
            }

            Assert.False(StoreSpec.TryParse(bytes.AsSpan(0, length + 1), out _, out _));
        }
    }

    [SkippableFact]
    public void AnyBytesAreReadOrRefused_AndWhatIsReadIsWrittenTheSame()
    {
        const int Seed = 12;
        Random random = new(Seed);
        byte[] bytes = new byte[StoreSpec.MostBytes], again = new byte[StoreSpec.MostBytes];
        int read = 0;
        for (int round = 0; round < 20_000; round++)
        {
            int length = s_specs[random.Next(s_specs.Length)].Write(bytes);
            for (int changes = random.Next(1, 5); changes > 0; changes--)
            {
                bytes[random.Next(length)] = (byte)random.Next(256);
            }

            if (StoreSpec.TryParse(bytes.AsSpan(0, length), out StoreSpec? spec, out string reason))
            {
                read++;
                Assert.Equal(length, spec!.Write(again));
                Assert.True(bytes.AsSpan(0, length).SequenceEqual(again.AsSpan(0, length)), $"seed {Seed}, round {round}");
            }
            else
            {
                Assert.NotEqual("", reason);
            }
        }

        Assert.InRange(read, 1000, 19_000);
    }

    [SkippableFact]
    public void ADescriptionThatLiesOpensNothing()
    {
        // Descriptors of one kind, and the description of another, of any length and level.
        const int Seed = 5;
        Random random = new(Seed);
        byte[] bytes = new byte[StoreSpec.MostBytes];
        using StoreFixture memory = new("memory", 4), lz4 = new("lz4", 4), file = new("file", 4);
        RegionStore[] regions = [memory.Region, lz4.Region, file.Region];
        int opened = 0;
        for (int round = 0; round < 300; round++)
        {
            RegionStore region = regions[random.Next(3)];
            ulong length = (ulong)random.Next(1, 9) * 4096;
            StoreSpec spec = new((StoreKind)random.Next(1, 5), length << (random.Next(4) == 0 ? random.Next(40) : 0)) { Level = random.Next(-3, 4) };
            if (!StoreSpec.TryParse(bytes.AsSpan(0, spec.Write(bytes)), out _, out _))
            {
                continue;
            }

            Errno errno = PageStore.TryOpen(spec, region.Duplicates(), length, out PageStore? store, out string reason);
            Assert.Equal(errno == Errno.None, store is not null);
            Assert.Equal(errno == Errno.None, reason.Length == 0);
            opened += store is null ? 0 : 1;
            store?.Dispose();
        }

        Assert.InRange(opened, 5, 200);
    }
}
