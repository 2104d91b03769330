// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Host;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Mm;
using Physr.Mm.Reporting;

namespace Physr.Machine.Unaddressable;

/// <content>What happens, in order.</content>
internal sealed partial class UnaddressableRun
{
    private const string Added = "added";
    private const ulong JobBytes = 64UL << 20;

    /// <summary>Steps of the machine between two touches of the CPU, while both count.</summary>
    private const int StepsBetweenTouches = 3;

    private ulong[] _expectedCounters = [];

    private ulong CountersBytes => Alignment.Up(Math.Max(1, (ulong)_spec.Counters) << PageSize.Shift4K, PageSize.Size2M);

    private IEnumerable<(string Name, Action<CancellationToken> Act)> Phases() =>
    [
        ("build", Build),
        ("list", WalkList),
        ("transform", Transform),
        ("hotplug", AddRam),
        ("counters", Count),
        ("data", Check),
    ];

    /// <summary>The process comes into being and fills its memory with ordinary writes.</summary>
    private void Build(CancellationToken cancellation)
    {
        _ram = new(_machine, _svm.DataBytes + RamBesideData);
        _driver = new(_machine, _gpu, _svm, _svm.MemoryBytes);
        _space = new(_ram.Memory, "process");
        MapAt(DataAddress, _svm.DataBytes);
        MapAt(CountersAddress, CountersBytes);
        if (_svm.HugePages)
        {
            Must(_space.TryAdvise(new(DataAddress), _svm.DataBytes, MemoryAdvice.HugePage), "advise");
        }

        byte[] block = new byte[ProcessWork.BlockBytes];
        for (ulong at = 0; at < _svm.DataBytes; at += (ulong)block.Length)
        {
            cancellation.ThrowIfCancellationRequested();
            _work.Build(block);
            Must(_space.Write(new(DataAddress + at), block), "write");
        }

        _expectedCounters = new ulong[_spec.Counters];
        for (int i = 0; i < _spec.Counters; i++)
        {
            _expectedCounters[i] = _random.Next();
            Must(_space.Write(CounterAt(i), BitConverter.GetBytes(_expectedCounters[i])), "write");
        }

        _driver.Mirror(_space, AddressRange<VirtualAddress>.FromBounds(new(CountersAddress), new(DataAddress + _svm.DataBytes)));
        _reasons.Add($"{SizeText.Format(_svm.MemoryBytes)} of {_gpu.Name} have page descriptors though no CPU can address them, numbered by {_driver.Private.Place}");
        Look("before");
    }

    /// <summary>The GPU follows the list by the process's own pointers, all over the data.</summary>
    private void WalkList(CancellationToken cancellation)
    {
        if (_spec.Nodes == 0)
        {
            return;
        }

        Post(_driver!.Compute.TryWalkList(_driver.Context, _work.Head, (ulong)_spec.Nodes, ProcessWork.PayloadWords, _work.WalkKey, 0));
        GpuComputeResult result = Finish();
        bool isRight = result.Result == _work.Checksum && result.Done == (ulong)_spec.Nodes;
        _transfers.Add(new("list", 0, "", isRight, isRight ? null : $"{result.Done} of {_spec.Nodes} nodes, checksum {result.Result:x16} where {_work.Checksum:x16} is due"));
    }

    /// <summary>The GPU changes every word.</summary>
    private void Transform(CancellationToken cancellation)
    {
        for (ulong at = 0; at < _svm.DataBytes; at += JobBytes)
        {
            cancellation.ThrowIfCancellationRequested();
            ulong length = Math.Min(JobBytes, _svm.DataBytes - at);
            Post(_driver!.Compute.TryTransform(_driver.Context, new(DataAddress + at), length, _work.MixKey, 0));
            Finish();
        }

        Look("during");
    }

    /// <summary>RAM is added while pages are with the GPU: only a made-up physical range can be in its way.</summary>
    private void AddRam(CancellationToken cancellation)
    {
        if (_svm.Hotplug is not { } range)
        {
            return;
        }

        Errno errno = _machine.Map.HotAddRam(range, out _, out string message);
        _hotplug = new(range, errno == Errno.None ? Added : errno.ToString(), message);
        _reasons.Add(errno == Errno.None
            ? $"{SizeText.Format(range.Length)} of RAM were added at {range.Start} while {_gpu.Name} had pages"
            : $"{SizeText.Format(range.Length)} of RAM could not be added at {range.Start}: {errno}: {message}");
    }

    /// <summary>Both count in the same pages, which stay in RAM: the GPU has each to itself until the CPU touches it.</summary>
    private void Count(CancellationToken cancellation)
    {
        for (int round = 0; round < _spec.Rounds && _spec.Counters != 0; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            ulong addend = _random.Next();
            Post(_driver!.Compute.TryAtomicAdd(_driver.Context, new(CountersAddress), (ulong)_spec.Counters, PageSize.Size4K, addend, 0));
            int touches = (_spec.Counters + 1) / 2;
            int steps = 0;
            GpuComputeResult result;
            while (!_driver.Compute.TryPoll(out result))
            {
                if (_driver.Mmu.HasFaults)
                {
                    _driver.Mmu.ServiceFaults(_driver);
                }
                else if (!_machine.Scheduler.Step())
                {
                    throw new PhysrException("count", _gpu.Name, Errno.ETIMEDOUT, "nothing is under way that could end the job");
                }
                else if (++steps % StepsBetweenTouches == 0 && touches-- > 0)
                {
                    Touch();
                }
            }

            Judge(result);
            for (int i = 0; i < _spec.Counters; i++)
            {
                _expectedCounters[i] += addend;
            }
        }

        bool isRight = true;
        for (int i = 0; i < _spec.Counters; i++)
        {
            byte[] found = new byte[sizeof(ulong)];
            Must(_space!.Read(CounterAt(i), found), "read");
            isRight &= BitConverter.ToUInt64(found) == _expectedCounters[i];
        }

        _transfers.Add(new("counters", 0, "", isRight, isRight ? null : "the sums are not those of all additions"));
    }

    private void Touch()
    {
        int counter = (int)_random.Below((ulong)_spec.Counters);
        ulong addend = _random.Next();
        Must(new AccessResult(_space!.AtomicAdd(CounterAt(counter), addend, out _), 0), "add");
        _expectedCounters[counter] += addend;
    }

    /// <summary>The process reads all of it; what is with the GPU comes home by its touch.</summary>
    private void Check(CancellationToken cancellation)
    {
        byte[] expected = new byte[ProcessWork.BlockBytes];
        using BlockDigest digest = new(ProcessWork.BlockBytes);
        string? error = null;
        _work.Rewind();
        for (ulong at = 0; at < _svm.DataBytes; at += ProcessWork.BlockBytes)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<byte> found = digest.Next();
            Must(_space!.Read(new(DataAddress + at), found), "read");
            digest.Append();
            _work.Expect(expected);
            int same = found.CommonPrefixLength(expected);
            error ??= same == found.Length ? null : $"the byte at 0x{DataAddress + at + (ulong)same:x} is not the one that should be there";
            _observer?.Progress(at + ProcessWork.BlockBytes, _svm.DataBytes);
        }

        _digest = digest.Finish();
        _transfers.Add(new("data", _svm.DataBytes, error is null ? _digest : "", error is null, error));
        Look("after");
    }

    private void Look(string name)
    {
        _moments.Add(new(name, [.. _space!.Areas.Select(area =>
            new AreaUsage(area.Range.Start.Value, area.Range.End.Value, ProcText.Permissions(area.Flags), _space.Usage(area)))])
        {
            DevicePages = _driver!.Private.Pool.Pages - _driver.Private.Pool.FreePages,
            Maps = _spec.KeepsDumps ? ProcText.Maps(_space) : null,
            Smaps = _spec.KeepsDumps ? ProcText.Smaps(_space) : null,
            Pagemap = _spec.KeepsDumps ? PagemapText.Of(_space, isPrivileged: true) : null,
        });
    }

    private static VirtualAddress CounterAt(int index) => new(CountersAddress + ((ulong)index << PageSize.Shift4K));

    private void MapAt(ulong address, ulong length) =>
        Must(_space!.TryMap(new(length, Protection.ReadWrite) { Address = new(address), IsFixed = true, MustBeFree = true }, out _), "map");

    private GpuComputeResult Finish()
    {
        Must(_driver!.Compute.Wait(_driver, out GpuComputeResult result), "wait for GPU");
        Judge(result);
        return result;
    }

    private void Post(Errno errno) => Must(errno, "post job");

    private void Judge(GpuComputeResult result)
    {
        if (!result.IsSuccess)
        {
            throw new PhysrException("work", _gpu.Name, Errno.EIO, $"the job ended in {result.Status} ({result.BusStatus}) at {result.Address}");
        }
    }

    private void Must(AccessResult result, string operation)
    {
        if (!result.IsDone)
        {
            throw new PhysrException(operation, _space!.Name, Errno.EFAULT, $"the access ended in {result.Outcome} after {result.Completed} bytes");
        }
    }

    private void Must(Errno errno, string operation)
    {
        if (errno != Errno.None)
        {
            throw new PhysrException(operation, _route.Name, errno, "it should have been possible");
        }
    }
}
