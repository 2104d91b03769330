// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme;
using Physr.Machine.Nvme.Host;
using Physr.Machine.Nvme.Media;
using Physr.Machine.Nvme.Spec;
using Physr.Machine.Simulation;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Nvme;

public sealed class DriverTests
{
    private static NvmeControllerOptions Small(ulong cmb = 0) => new()
    {
        Namespaces = [new(new MemoryMedia("ns1", 4 << 20, patternSeed: 7)), new(new MemoryMedia("ns2", 4 << 20, patternSeed: 8), 4096)],
        MemoryBufferBytes = cmb,
        MaxTransferBytes = 128 << 10,
        PieceBytes = 16 << 10,
        MaxOutstanding = 32,
    };

    private static NvmeDriver Start(FakeHost machine, NvmeDriverOptions? options = null)
    {
        Assert.Equal(Errno.None, NvmeDriver.Start(machine, options ?? new() { QueueDepth = 8 }, out NvmeDriver? driver));
        return driver!;
    }

    private static NvmeResult WaitOne(NvmeDriver driver)
    {
        NvmeResult[] results = new NvmeResult[1];
        Assert.Equal(1, driver.Wait(results));
        return results[0];
    }

    [Fact]
    public void StartsTellsAndGivesEverythingBack()
    {
        using FakeHost machine = new();
        machine.Plug(new NvmeController("nvme0", Small()));
        NvmeDriver driver = Start(machine, new() { QueuePairs = 3, QueueDepth = 8 });
        Assert.Equal(3, driver.QueuePairs);
        Assert.Equal("Physr NVMe", driver.Controller.Model);
        Assert.Equal(128u << 10, driver.MaxTransferBytes);
        Assert.Equal([new(1, 8192, 512, false), new(2, 1024, 4096, false)], driver.Namespaces);
        driver.Dispose();
        Assert.Equal(0, machine.LiveBuffers);
        Assert.Equal(0u, machine.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CSTS) & 1);
    }

    [Fact]
    public void NothingThereIsENODEV()
    {
        using FakeHost gone = new() { Gone = true };
        Assert.Equal(Errno.ENODEV, NvmeDriver.Start(gone, new(), out _));
    }

    [Theory]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.EIO)]
    public void WhicheverAllocationFails_EverythingIsGivenBack(Errno why)
    {
        int at = 1;
        while (true)
        {
            using FakeHost machine = new() { RefuseAllocationAt = at, RefuseWith = why };
            machine.Plug(new NvmeController("nvme0", Small()));
            Errno errno = NvmeDriver.Start(machine, new() { QueuePairs = 2, QueueDepth = 8 }, out NvmeDriver? driver);
            if (driver is not null)
            {
                driver.Dispose();
                break;
            }

            Assert.Equal(why, errno);
            Assert.Equal(0, machine.LiveBuffers);
            Assert.Equal(0u, machine.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CSTS) & 1);
            at++;
        }

        Assert.Equal(10, at); // the page, two rings for admin commands, and two rings and list pages for each of two pairs
    }

    [Fact]
    public void RequestsThatCannotBeAreRefusedAtOnce()
    {
        using FakeHost machine = new();
        machine.Plug(new NvmeController("nvme0", Small()));
        using NvmeDriver driver = Start(machine, new() { MaxRequests = 1 });
        using TestBuffer data = machine.Take(8192);
        Assert.Equal(Errno.EINVAL, driver.SubmitRead(3, 0, 1, data.List(), 0, out _));
        Assert.Equal(Errno.EINVAL, driver.SubmitRead(1, 8192, 1, data.List(), 0, out _));
        Assert.Equal(Errno.EINVAL, driver.SubmitRead(1, 0, 0, data.List(), 0, out _));
        Assert.Equal(Errno.EINVAL, driver.SubmitRead(1, 0, 17, data.List(), 0, out _));
        Assert.Equal(Errno.EINVAL, driver.SubmitRead(1, 0, 1, data.List(), 7681, out _));
        Assert.Equal(Errno.None, driver.SubmitRead(1, 0, 16, data.List(), 0, out int request));
        Assert.Equal(Errno.EAGAIN, driver.SubmitRead(1, 0, 16, data.List(), 0, out _));
        Assert.Equal(new NvmeResult(request, NvmeStatus.Success, 8192), WaitOne(driver));
        Assert.Equal(0, driver.Outstanding);
    }

    [Theory]
    [InlineData(NvmeDataPointers.Automatic)]
    [InlineData(NvmeDataPointers.Prp)]
    [InlineData(NvmeDataPointers.Sgl)]
    public void AnyShapeOfMemoryEndsAsABytewiseOracleSays(NvmeDataPointers form)
    {
        for (ulong seed = 1; seed <= 12; seed++)
        {
            try
            {
                RunAgainstOracle(form, seed);
            }
            catch (Exception e)
            {
                throw new Exception($"form {form}, seed {seed}", e);
            }
        }
    }

    private static void RunAgainstOracle(NvmeDataPointers form, ulong seed)
    {
        SeededRandom random = new(seed);
        using FakeHost machine = new(seed);
        machine.Plug(new NvmeController("nvme0", Small()));
        using NvmeDriver driver = Start(machine, new() { QueueDepth = 4, QueuePairs = 2, DataPointers = form, UseInterrupts = seed % 2 == 0 });
        byte[][] oracle = [new byte[4 << 20], new byte[4 << 20]];
        MediaPattern.Fill(7, 0, oracle[0]);
        MediaPattern.Fill(8, 0, oracle[1]);
        using TestBuffer area = machine.Take(8 << 20);
        byte[] expectedMemory = new byte[8 << 20];
        random.Fill(area.Bytes);
        area.Bytes.CopyTo(expectedMemory);

        for (int round = 0; round < 30; round++)
        {
            uint nsid = (uint)random.Below(2) + 1;
            ulong block = nsid == 1 ? 512u : 4096u;
            ulong blocks = 1 + random.Below(random.Below(4) == 0 ? (1UL << 20) / block : 40);
            ulong start = random.Below(((4UL << 20) / block) - blocks + 1);
            ulong bytes = blocks * block;
            ulong skip = random.Below(3) == 0 ? 4096 * random.Below(3) : 0;
            List<(ulong Offset, ulong Length)> runs = Runs(random, skip + bytes, form, block);
            DmaRangeListBuilder builder = new();
            foreach ((ulong offset, ulong length) in runs)
            {
                builder.Append(new(new(area.Address + offset), length));
            }

            DmaRangeList list = builder.Build();
            bool writes = random.Below(2) == 0;
            Errno errno = writes
                ? driver.SubmitWrite(nsid, start, blocks, list, skip, out _)
                : driver.SubmitRead(nsid, start, blocks, list, skip, out _);
            Assert.Equal(Errno.None, errno);
            NvmeResult result = WaitOne(driver);
            Assert.True(result.Status.IsSuccess, result.Status.ToString());
            Assert.Equal(bytes, result.Bytes);

            // The oracle: byte by byte over the runs.
            ulong position = 0;
            foreach ((ulong offset, ulong length) in runs)
            {
                for (ulong i = 0; i < length; i++, position++)
                {
                    if (position >= skip && position < skip + bytes)
                    {
                        ref byte media = ref oracle[nsid - 1][(start * block) + position - skip];
                        ref byte memory = ref expectedMemory[offset + i];
                        _ = writes ? media = memory : memory = media;
                    }
                }
            }

            Assert.True(area.Bytes.SequenceEqual(expectedMemory), $"memory differs after round {round}");
        }

        ReadBack(driver, area, oracle);
        Assert.Equal(0, machine.Unclaimed);
    }

    private static void ReadBack(NvmeDriver driver, TestBuffer area, byte[][] oracle)
    {
        for (uint nsid = 1; nsid <= 2; nsid++)
        {
            Assert.Equal(Errno.None, driver.SubmitRead(nsid, 0, driver.FindNamespace(nsid)!.Blocks, area.List(), 0, out _));
            Assert.True(WaitOne(driver).Status.IsSuccess);
            Assert.True(area.Bytes[..(4 << 20)].SequenceEqual(oracle[nsid - 1]), $"namespace {nsid} differs");
        }
    }

    // Disjoint runs of an 8 MiB area: scattered pages, long runs, odd bytes (SGL), or blocks that meet anywhere on a word (PRP must split).
    private static List<(ulong Offset, ulong Length)> Runs(SeededRandom random, ulong bytes, NvmeDataPointers form, ulong block)
    {
        List<(ulong, ulong)> runs = [];
        ulong kind = random.Below(4);
        ulong at = kind == 2 || (form == NvmeDataPointers.Prp && kind == 3) ? 4 * random.Below(1024) : 0;
        for (ulong left = bytes; left != 0;)
        {
            ulong length = kind switch
            {
                0 => 4096,
                1 => 4096 * (1 + random.Below(64)),
                2 => left,
                _ when form == NvmeDataPointers.Prp => block * (1 + random.Below(20)),
                _ => 1 + random.Below(30_000),
            };
            length = Math.Min(length, left);
            runs.Add((at, length));
            left -= length;
            at += kind switch
            {
                0 or 1 => Alignment.Up(length, 4096) + (4096 * random.Below(2)),
                3 when form == NvmeDataPointers.Prp => length + (4 * (1 + random.Below(100))),
                _ => length + 1 + random.Below(100),
            };
        }

        return runs;
    }

    [Fact]
    public void ManyRequestsShareTheQueues_AndEachEndsOnce()
    {
        using FakeHost machine = new();
        machine.Plug(new NvmeController("nvme0", Small()));
        using NvmeDriver driver = Start(machine, new() { QueueDepth = 3, QueuePairs = 2, MaxRequests = 40 });
        using TestBuffer data = machine.Take(40 * 8192);
        DmaRangeList list = data.List();
        HashSet<int> open = [];
        for (int i = 0; i < 40; i++)
        {
            Assert.Equal(Errno.None, driver.SubmitRead(1, (ulong)i * 16, 16, list, (ulong)i * 8192, out int request));
            Assert.True(open.Add(request));
        }

        Assert.Equal(6, driver.CommandsOutstanding);
        NvmeResult[] results = new NvmeResult[7];
        while (driver.Wait(results) is int count and not 0)
        {
            for (int i = 0; i < count; i++)
            {
                Assert.True(results[i].Status.IsSuccess);
                Assert.True(open.Remove(results[i].Request));
            }
        }

        Assert.Empty(open);
        byte[] expected = new byte[40 * 8192];
        MediaPattern.Fill(7, 0, expected);
        Assert.True(data.Bytes.SequenceEqual(expected));
    }

    [Fact]
    public void ARequestThatNoPrpCanDescribeEndsWithAnError()
    {
        using FakeHost machine = new();
        machine.Plug(new NvmeController("nvme0", Small()));
        using NvmeDriver driver = Start(machine, new() { DataPointers = NvmeDataPointers.Prp });
        using TestBuffer data = machine.Take(8192);
        Assert.Equal(Errno.None, driver.SubmitRead(1, 0, 1, data.List(), 1, out _));
        Assert.True(WaitOne(driver).Status.Is(NvmeStatus.PrpOffsetInvalid));
    }

    [Fact]
    public void TheMemoryBufferIsATargetLikeAnyMemory()
    {
        using FakeHost machine = new();
        NvmeController controller = new("nvme0", Small(cmb: 1 << 20));
        machine.Plug(controller);
        using NvmeDriver driver = Start(machine);
        Assert.Equal(Errno.None, driver.MapMemoryBuffer(new(0xC000_0000), out NvmeMemoryBuffer? buffer));
        Assert.Equal(new NvmeMemoryBuffer(4, 0, 1 << 20, true, true), buffer);
        DmaRangeListBuilder builder = new();
        builder.Append(new(new(0xC000_0000), 1 << 20), isBusAddress: true);
        DmaRangeList list = builder.Build();
        Assert.Equal(Errno.None, driver.SubmitRead(2, 10, 256, list, 0, out _));
        Assert.True(WaitOne(driver).Status.IsSuccess);
        byte[] expected = new byte[1 << 20], actual = new byte[1 << 20];
        MediaPattern.Fill(8, 40960, expected);
        controller.MemoryBuffer!.Read(0, actual);
        Assert.Equal(expected, actual);
        Assert.Equal(0u, machine.PayloadBytes);
        Assert.Equal(1u << 20, controller.Statistics.MemoryBufferBytes);
    }

    [Theory]
    [InlineData(CompleterAbort, false)]
    [InlineData(LinkDown, true)]
    public void WhicheverAccessFails_TheEndIsAnErrorOrTheRightBytes_AndNothingLeaks(int status, bool forEver)
    {
        int failed = 0, survived = 0;
        for (long at = 1; ; at++)
        {
            using FakeHost machine = new(bytes: 2 << 20) { FailWith = (Bus.BusStatus)status, FailAt = at, FailCount = forEver ? long.MaxValue / 2 : 1 };
            NvmeController controller = new("nvme0", Small());
            machine.Plug(controller);
            Errno errno = NvmeDriver.Start(machine, new() { QueueDepth = 4, DataPointers = (NvmeDataPointers)(at % 3) }, out NvmeDriver? driver);
            if (errno == Errno.None)
            {
                MoveWithFaults(machine, driver!, ref failed, ref survived);
                driver!.Dispose();
            }
            else
            {
                failed++;
            }

            Assert.True(machine.LiveBuffers == 0, $"access {at}: buffers are left");
            Assert.Equal(0, controller.CommandsInWork);
            if (machine.Transactions < at)
            {
                break; // the fault lay beyond the run
            }
        }

        Assert.True(failed > 20, $"only {failed} runs met their fault");
        Assert.True(survived > 0);
    }

    private const int CompleterAbort = (int)Bus.BusStatus.CompleterAbort;
    private const int LinkDown = (int)Bus.BusStatus.LinkDown;

    private static void MoveWithFaults(FakeHost machine, NvmeDriver driver, ref int failed, ref int survived)
    {
        const int bytes = 160 << 10; // two commands, list pages, several pieces
        using TestBuffer first = machine.Take(bytes);
        using TestBuffer second = machine.Take(bytes);
        byte[] pattern = new byte[bytes];
        MediaPattern.Fill(8, 0, pattern);

        DmaRangeListBuilder scattered = new();
        for (ulong page = 0; page < bytes / 4096; page += 2)
        {
            scattered.Append(new(new(first.Address + ((page + 1) * 4096)), 4096));
            scattered.Append(new(new(first.Address + (page * 4096)), 4096));
        }

        DmaRangeList list = scattered.Build();
        bool isWhole = Run(driver, driver.SubmitRead(2, 0, bytes / 4096, list, 0, out _));
        if (isWhole)
        {
            int at = 0;
            foreach (DmaEntry entry in list)
            {
                Assert.True(machine.At(entry.Range.Start.Value, (int)entry.Range.Length).SequenceEqual(pattern.AsSpan(at, (int)entry.Range.Length)));
                at += (int)entry.Range.Length;
            }
        }

        bool isWritten = Run(driver, driver.SubmitWrite(2, 100, bytes / 4096, list, 0, out _));
        bool isRead = Run(driver, driver.SubmitRead(2, 100, bytes / 4096, second.List(), 0, out _));
        if (isWhole && isWritten && isRead)
        {
            Assert.True(second.Bytes.SequenceEqual(pattern));
            survived++;
        }
        else
        {
            failed++;
        }

        Assert.Equal(0, driver.Outstanding);
        Assert.Equal(0, driver.CommandsOutstanding);
    }

    private static bool Run(NvmeDriver driver, Errno errno)
    {
        if (errno != Errno.None)
        {
            Assert.Equal(driver.Failure, errno);
            return false;
        }

        return WaitOne(driver).Status.IsSuccess;
    }

    [Fact]
    public void ADeviceThatVanishesEndsEveryRequest()
    {
        using FakeHost machine = new();
        machine.Plug(new NvmeController("nvme0", Small()));
        NvmeDriver driver = Start(machine);
        using (TestBuffer data = machine.Take(1 << 20))
        {
            for (int i = 0; i < 5; i++)
            {
                Assert.Equal(Errno.None, driver.SubmitRead(2, 0, 256, data.List(), 0, out _));
            }

            machine.Gone = true;
            NvmeResult[] results = new NvmeResult[16];
            Assert.Equal(5, driver.Wait(results));
            Assert.All(results[..5], r => Assert.True(r.Status.Is(NvmeStatus.AbortedByHost)));
            Assert.Equal(Errno.ENODEV, driver.Failure);
            Assert.Equal(Errno.ENODEV, driver.SubmitRead(2, 0, 1, data.List(), 0, out _));
        }

        driver.Dispose();
        Assert.Equal(0, machine.LiveBuffers);
    }

    [Fact]
    public void AnOverdueCommandIsAborted_WithoutAReset()
    {
        using FakeHost machine = new();
        machine.Plug(new NvmeController("nvme0", Small() with { ReadLatency = SimTime.FromNanoseconds(10_000_000) }));
        using NvmeDriver driver = Start(machine, new() { CommandTimeout = SimTime.FromNanoseconds(1_000_000) });
        using TestBuffer data = machine.Take(4096);
        Assert.Equal(Errno.None, driver.SubmitRead(2, 0, 1, data.List(), 0, out _));
        machine.ScheduleAt(machine.Now.Add(SimTime.FromNanoseconds(2_000_000)), kind: -1, argument: ulong.MaxValue); // a tick of another device
        NvmeResult result = WaitOne(driver);
        Assert.True(result.Status.Is(NvmeStatus.AbortRequested), result.Status.ToString());
        Assert.Equal(0, driver.Resets);
    }

    [Fact]
    public void AFileHoldsTheBlocks()
    {
        string path = Path.Combine(Path.GetTempPath(), $"physr-nvme-{Guid.NewGuid():n}.img");
        try
        {
            byte[] before = new byte[2 << 20];
            new SeededRandom(5).Fill(before);
            File.WriteAllBytes(path, before);
            Assert.Equal(Errno.None, FileMedia.TryOpen(path, isReadOnly: false, 4096, out FileMedia? media, out _));
            byte[] written = new byte[1 << 20];
            new SeededRandom(6).Fill(written);
            using (FakeHost machine = new())
            {
                machine.Plug(new NvmeController("nvme0", Small() with { Namespaces = [new(media!, 4096)], PieceBytes = 1 << 20, MaxTransferBytes = 1 << 20 }));
                using NvmeDriver driver = Start(machine);
                using TestBuffer data = machine.Take(2 << 20);
                Assert.Equal(Errno.None, driver.SubmitRead(1, 0, 512, data.List(), 0, out _));
                Assert.True(WaitOne(driver).Status.IsSuccess);
                Assert.True(data.Bytes.SequenceEqual(before));
                written.CopyTo(data.Bytes);
                Assert.Equal(Errno.None, driver.SubmitWrite(1, 100, 256, data.List(), 0, out _));
                Assert.True(WaitOne(driver).Status.IsSuccess);
                Assert.Equal(Errno.None, driver.SubmitFlush(1, out _));
                Assert.True(WaitOne(driver).Status.IsSuccess);
            }

            written.CopyTo(before.AsSpan(100 * 4096));
            Assert.Equal(before, File.ReadAllBytes(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void AFileThatIsNoMedia_IsRefusedWithWhatWouldBeRight()
    {
        string path = Path.Combine(Path.GetTempPath(), $"physr-nvme-{Guid.NewGuid():n}.img");
        Assert.Equal(Errno.ENOENT, FileMedia.TryOpen(path, false, 512, out _, out string missing));
        Assert.Contains(path, missing, StringComparison.Ordinal);
        try
        {
            File.WriteAllBytes(path, new byte[5000]);
            Assert.Equal(Errno.EINVAL, FileMedia.TryOpen(path, false, 4096, out _, out string odd));
            Assert.Contains("4096 or 8192 bytes", odd, StringComparison.Ordinal);
            File.WriteAllBytes(path, []);
            Assert.Equal(Errno.EINVAL, FileMedia.TryOpen(path, true, 512, out _, out string empty));
            Assert.Contains("512 bytes would be", empty, StringComparison.Ordinal);
            Assert.Equal(Errno.EPERM, FileMedia.TryOpen(Path.GetTempPath(), false, 512, out _, out _));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData(NvmeDataPointers.Prp)]
    [InlineData(NvmeDataPointers.Sgl)]
    public void SteadyStateAllocatesNothing(NvmeDataPointers form)
    {
        using FakeHost machine = new();
        machine.Plug(new NvmeController("nvme0", Small()));
        using NvmeDriver driver = Start(machine, new() { QueueDepth = 8, DataPointers = form });
        using TestBuffer data = machine.Take(1 << 20);
        DmaRangeListBuilder builder = new();
        for (ulong i = 0; i < 128; i++)
        {
            builder.Append(new(new(data.Address + (i * 8192)), 4096));
        }

        DmaRangeList list = builder.Build();
        NvmeResult[] results = new NvmeResult[8];
        Run(20);
        Assert.Equal(0, AllocationProbe.Least(() => Run(40)));

        void Run(int times)
        {
            for (int i = 0; i < times; i++)
            {
                driver.SubmitRead(2, 0, 128, list, 0, out _);
                driver.SubmitWrite(2, 200, 100, list, 4096, out _);
                driver.SubmitRead(1, 9, 8, list, 0, out _);
                while (driver.Wait(results) is int count and not 0)
                {
                    for (int r = 0; r < count; r++)
                    {
                        if (!results[r].Status.IsSuccess)
                        {
                            throw new Exception(results[r].Status.ToString());
                        }
                    }
                }
            }
        }
    }
}
