// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Host;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Gpu;

public sealed class GpuCopyPagesTests
{
    [Fact]
    public void RandomPages_InAllDirections_ArriveWhereTheyBelong()
    {
        for (ulong seed = 1; seed <= 15; seed++)
        {
            SeededRandom random = new(seed);
            using GpuMmuFixture fixture = new(seed);
            ulong block = fixture.Allocate(9);
            random.Fill(fixture.Host.Memory.AsSpan(0, 512 * 4096));
            byte[] host = fixture.Host.Memory[..(512 * 4096)];
            byte[] gpu = new byte[512 * 4096];
            for (int round = 0; round < 4; round++)
            {
                List<GpuPageCopy> copies = [];
                while (copies.Count < 150)
                {
                    int run = 1 + (int)random.Below(20);
                    ulong from = random.Below(256 - (ulong)run) * 4096;
                    ulong to = (256 + random.Below(256 - (ulong)run)) * 4096;
                    ulong direction = random.Below(3);
                    for (ulong page = 0; page < (ulong)run * 4096; page += 4096)
                    {
                        GpuPageTarget source = direction == 0 ? GpuMmuFixture.User(from + page) : GpuPageTarget.Local(block + from + page);
                        GpuPageTarget destination = direction == 1 ? GpuMmuFixture.User(to + page) : GpuPageTarget.Local(block + to + page);
                        copies.Add(new(source, destination));
                        (direction == 0 ? host : gpu).AsSpan((int)(from + page), 4096).CopyTo((direction == 1 ? host : gpu).AsSpan((int)(to + page)));
                    }
                }

                Assert.Equal(Errno.None, fixture.Copy.CopyPages([.. copies], out int copied));
                Assert.Equal(copies.Count, copied);
                Assert.Equal(0, fixture.Copy.Outstanding);
            }

            Assert.True(host.AsSpan().SequenceEqual(fixture.Host.Memory.AsSpan(0, host.Length)), $"seed {seed}");
            Assert.True(gpu.AsSpan().SequenceEqual(fixture.Bytes(GpuPageTarget.Local(block), gpu.Length)), $"seed {seed}");
        }
    }

    [Fact]
    public void NeighboursGoAsOneCommand_AndOthersJobsKeepTheirEnds()
    {
        using GpuMmuFixture fixture = new(1);
        ulong block = fixture.Allocate(9);
        for (ulong i = 0; i < 16; i++)
        {
            Assert.Equal(Errno.None, fixture.Copy.TryFill(block + 0x10_0000, 8, i, i));
        }

        GpuPageCopy[] pages = [.. Enumerable.Range(0, 100).Select(i => new GpuPageCopy(GpuMmuFixture.User((ulong)i * 4096), GpuPageTarget.Local(block + ((ulong)i * 4096))))];
        Assert.Equal(Errno.None, fixture.Copy.CopyPages(pages, out _));
        Assert.Equal(7, fixture.Host.PayloadTransactions); // pieces of 64 KiB
        for (ulong i = 0; i < 16; i++)
        {
            Assert.Equal(Errno.None, fixture.Copy.Wait(out GpuJobCompletion completion));
            Assert.Equal(i, completion.Id);
        }

        Assert.False(fixture.Copy.TryPoll(out _));
    }

    [Fact]
    public void AFailure_SaysHowFarItCame_AndTheNextCopyWorks()
    {
        using GpuMmuFixture fixture = new(1);
        ulong block = fixture.Allocate(9);
        GpuPageCopy[] pages = [.. Enumerable.Range(0, 40).Select(i =>
            new GpuPageCopy(i == 25 ? GpuPageTarget.System(new(0x1000)) : GpuMmuFixture.User((ulong)i * 8192), GpuPageTarget.Local(block + ((ulong)i * 4096))))];
        Assert.Equal(Errno.EIO, fixture.Copy.CopyPages(pages, out int copied));
        Assert.Equal(25, copied);
        Assert.Equal(0, fixture.Copy.Outstanding);
        Assert.Equal(Errno.None, fixture.Copy.CopyPages(pages.AsSpan(26), out copied));
        Assert.Equal(14, copied);
        Assert.Equal(Errno.None, fixture.Copy.CopyPages([], out copied));
        Assert.Equal(Errno.EINVAL, fixture.Copy.CopyPages([new(GpuMmuFixture.User(0), GpuMmuFixture.User(4096))], out _));
        Assert.Equal(Errno.EINVAL, fixture.Copy.CopyPages([new(GpuMmuFixture.User(8), GpuPageTarget.Local(4096))], out _));
    }

    [Fact]
    public void SteadyStateAllocatesNothing()
    {
        using GpuMmuFixture fixture = new(5);
        ulong block = fixture.Allocate(9);
        GpuPageCopy[] pages = [.. Enumerable.Range(0, 60).Select(i => new GpuPageCopy(GpuPageTarget.Local(block + ((ulong)i * 8192)), GpuMmuFixture.User((ulong)i * 4096)))];
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            if (fixture.Copy.CopyPages(pages, out int copied) != Errno.None || copied != 60)
            {
                Assert.Fail("a copy failed");
            }
        }));
    }
}
