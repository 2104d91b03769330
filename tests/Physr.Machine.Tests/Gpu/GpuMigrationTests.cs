// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Host;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Gpu;

/// <summary>Pages that move between RAM and the GPU while it works on them: each word is changed as often as commands say, wherever its page was meanwhile.</summary>
public sealed class GpuMigrationTests
{
    [Fact]
    public void PagesThatMoveUnderTheWork_LoseAndRepeatNothing()
    {
        for (ulong seed = 1; seed <= 25; seed++)
        {
            using Migrator migrator = new(seed);
            migrator.Run();
            migrator.Check();
        }
    }

    [Fact]
    public void TheSameSeed_IsTheSameRun()
    {
        (ulong, ulong, GpuMmuStatistics)[] runs = [.. new ulong[] { 77, 77, 78 }.Select(static seed =>
        {
            using Migrator migrator = new(seed);
            migrator.Run();
            return (migrator.Fixture.Scheduler.Now.Picoseconds, migrator.Fixture.Scheduler.EventsRun, migrator.Fixture.Mmu.Statistics);
        })];
        Assert.Equal(runs[0], runs[1]);
        Assert.NotEqual(runs[0], runs[2]);
    }

    /// <summary>64 pages of a process; each has a home in RAM and lies there or in the GPU. Faults bring them to the GPU or map them in RAM, and others are sent home
    /// whenever the machine has taken a step.</summary>
    private sealed class Migrator : IGpuFaultHandler, IDisposable
    {
        private const ulong Start = 0x5555_0000_0000;
        private const int Pages = 64;

        private readonly SeededRandom _random;
        private readonly ulong?[] _local = new ulong?[Pages];
        private readonly ulong[] _oracle = new ulong[Pages * 512];
        private int _migrations;

        public Migrator(ulong seed)
        {
            _random = new(seed);
            Fixture = new(seed, faultEntries: 1 << (int)_random.Below(7), lanes: 1 + (int)_random.Below(16), invalidateNanoseconds: 1);
            for (int i = 0; i < _oracle.Length; i++)
            {
                _oracle[i] = _random.Next();
                Fixture.Set(GpuMmuFixture.User((ulong)i * 8), _oracle[i]);
            }
        }

        public GpuMmuFixture Fixture { get; }

        public void Run()
        {
            for (int job = 0; job < 12; job++)
            {
                ulong first = _random.Below(Pages * 512);
                ulong words = _random.Below((Pages * 512) - first);
                ulong key = _random.Next();
                bool isAdd = _random.Below(3) == 0;
                words = isAdd ? Math.Min(words, 700) : words;
                GpuComputeCommand command = new(
                    isAdd ? GpuComputeOpcode.AtomicAdd : GpuComputeOpcode.Transform, (ushort)Fixture.Context.Id, Start + (first * 8), 0, isAdd ? words : words * 8, key, isAdd ? 8UL : 0);
                for (ulong i = first; i < first + words; i++)
                {
                    _oracle[i] = isAdd ? unchecked(_oracle[i] + key) : GpuMix.Mix(_oracle[i], key);
                }

                Assert.Equal(Errno.None, Fixture.Compute.TryPost(command, 1));
                Finish();
            }

            Assert.NotEqual(0, _migrations);
        }

        public void Check()
        {
            for (int i = 0; i < _oracle.Length; i++)
            {
                GpuPageTarget page = Where(i / 512);
                Assert.True(_oracle[i] == Fixture.Word(page.Add((ulong)(i % 512) * 8)), $"seed {Fixture.Scheduler.Seed}: word {i} at {page}");
            }
        }

        public void Service(ReadOnlySpan<GpuFault> faults, Span<GpuFaultResolution> resolutions)
        {
            foreach (ref readonly GpuFault fault in faults)
            {
                int page = (int)((fault.Page.Value - Start) / 4096);
                if (_local[page] is null && _random.Below(2) == 0)
                {
                    // Nothing of the GPU's reaches the page at home any more while it moves.
                    Detach(page);
                    _local[page] = Fixture.Allocate();
                    Move(GpuMmuFixture.User((ulong)page * 4096), Where(page));
                }

                Assert.Equal(Errno.None, fault.Context.TryMap(fault.Page, 4096, Where(page), GpuMmuFixture.Exclusive));
            }
        }

        public void Dispose()
        {
            foreach (ulong? local in _local)
            {
                if (local is { } offset)
                {
                    Fixture.Memory.Free(offset, 0);
                }
            }

            Assert.DoesNotContain(Fixture.Memory.OutstandingPages, static page => page.Purpose == "test");
            Fixture.Dispose();
        }

        private void Finish()
        {
            GpuComputeResult result;
            int idle = 0;
            while (!Fixture.Compute.TryPoll(out result))
            {
                if (Fixture.Mmu.HasFaults && _random.Below(4) == 0)
                {
                    Fixture.Mmu.ServiceFaults(this);
                }

                int page = (int)_random.Below(Pages);
                if (_random.Below(6) == 0 && _local[page] is { } offset)
                {
                    Detach(page);
                    Move(Where(page), GpuMmuFixture.User((ulong)page * 4096));
                    _local[page] = null;
                    Fixture.Memory.Free(offset, 0);
                }

                idle = Fixture.Scheduler.Step() || Fixture.Mmu.HasFaults ? 0 : idle + 1;
                Assert.InRange(idle, 0, 2);
            }

            Assert.True(result.IsSuccess, $"seed {Fixture.Scheduler.Seed}: {result.Status} at {result.Address}");
        }

        private void Detach(int page)
        {
            Fixture.Context.Unmap(new(Start + ((ulong)page * 4096)), 4096);
            Assert.Equal(Errno.None, Fixture.Context.Invalidate(new(Start + ((ulong)page * 4096)), 4096));
        }

        private void Move(GpuPageTarget from, GpuPageTarget to)
        {
            Assert.Equal(Errno.None, Fixture.Copy.CopyPages([new(from, to)], out _));
            _migrations++;
        }

        private GpuPageTarget Where(int page) => _local[page] is { } offset ? GpuPageTarget.Local(offset) : GpuMmuFixture.User((ulong)page * 4096);
    }
}
