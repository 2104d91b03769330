// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Block;
using Physr.Storage.Crash;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>An array over traced media that is written at random, several requests at a time, and cut everywhere.</summary>
internal sealed class RaidCrash : IDisposable
{
    private const ulong DataBytes = 24 << 10;

    private readonly RaidRig _rig;
    private readonly StoreTrace _trace = new();
    private readonly TracedMedia[] _media;
    private readonly List<(ulong Offset, byte[] Bytes, bool IsWhole)> _writes = [];
    private readonly RaidLevel _level;
    private readonly byte[][] _buffers = new byte[3][];
    private byte[] _base = [];

    public RaidCrash(RaidLevel level, int members, ulong seed)
    {
        _level = level;
        _rig = new(seed);
        _media = [.. Enumerable.Range(0, members).Select(i => new TracedMedia($"pmem{i}", (2UL << 20) + DataBytes, _trace))];
    }

    /// <summary>Which member is failed before the writes; -1 is none.</summary>
    public int FailFirst { get; init; } = -1;

    public bool IsProtected { get; init; } = true;

    public StoreTrace Trace => _trace;

    /// <summary>Makes the array, fills it, and writes.</summary>
    public void Record(int writes)
    {
        SlowDevice[] devices = [.. _media.Select(medium => new SlowDevice(_rig.DeviceOver(medium), _rig.Random))];
        using RaidArray array = _rig.Create(RaidRig.Options(_level), devices);
        _base = _rig.RandomBytes((int)array.Geometry.ArrayBytes);
        for (int i = 0; i < _buffers.Length; i++)
        {
            _buffers[i] = new byte[_base.Length];
        }

        Assert.Equal(BlockStatus.Ok, _rig.Write(array, 0, _base));
        Assert.Equal(FailFirst >= 0 ? Errno.None : Errno.EINVAL, array.Fail(FailFirst, out _));
        Assert.Equal(Errno.None, array.TryStop(out _));
        _trace.Begin();
        array.IsProtected = IsProtected;
        array.LeastCleared = 1;
        List<(int Index, Bio Bio)> open = [];
        while (_writes.Count < writes || open.Count != 0)
        {
            if (_writes.Count < writes && open.Count < 3 && Pick(array, open) is { } bio)
            {
                open.Add((_writes.Count - 1, bio));
                _trace.Mark((_writes.Count - 1, IsAcknowledged: false));
                array.Submit(bio);
            }

            if (_rig.Random.Below(12) == 0)
            {
                array.Submit(new(BioOperation.Flush, 0, 0UL));
            }

            array.Poll();
            foreach ((int index, Bio done) in open.Where(static each => each.Bio.IsCompleted).ToArray())
            {
                Assert.Equal(BlockStatus.Ok, done.Status);
                _trace.Mark((index, IsAcknowledged: true));
                open.Remove((index, done));
            }
        }
    }

    /// <summary>Cuts everywhere; recovers with all members but one.</summary>
    /// <param name="without">The member that is gone after the cut; -1 for none.</param>
    /// <param name="options">How thoroughly.</param>
    public CrashReport Cut(int without, CrashOptions options) => CrashStates.Run(_trace, (point, media) => Check(point, media, without), options);

    public void Dispose() => _rig.Dispose();

    private Bio? Pick(RaidArray array, List<(int Index, Bio Bio)> open)
    {
        ulong row = array.Geometry.Parities != 0 ? array.Geometry.RowBytes : 8192;
        bool isWhole = _rig.Random.Below(5) == 0;
        ulong bytes = isWhole ? row : 512 * (1 + _rig.Random.Below(_rig.Random.Below(4) == 0 ? 20UL : 4));
        ulong offset = 512 * _rig.Random.Below(((array.Geometry.ArrayBytes - bytes) / 512) + 1);
        offset -= isWhole ? offset % row : 0;
        if (open.Any(each => offset < (each.Bio.Sector << 9) + each.Bio.Bytes && (each.Bio.Sector << 9) < offset + bytes))
        {
            return null;
        }

        byte[] data = _rig.RandomBytes((int)bytes);
        // A piece of a row that is written whole, and loses a member, may hold anything.
        bool mayFillRows = array.Geometry.Parities != 0 && bytes > row - array.Geometry.ChunkBytes;
        _writes.Add((offset, data, mayFillRows));

        // Not from the rig's shared memory: several are under way.
        PhysicalRange memory = new(new(0x1000_0000 + (20UL << 20) + ((ulong)(_writes.Count % 64) << 16)), bytes);
        Assert.Equal(Errno.None, _rig.Bytes.TryWrite(memory.Start, data));
        return new(BioOperation.Write, offset >> 9, RangeList.Of(memory).All, BioFlags.ForceUnitAccess);
    }

    private string? Check(CrashPoint point, IReadOnlyList<PersistentMemory> media, int without)
    {
        using RaidRig rig = new(1, _rig.Ram);
        BlockDevice[] devices = [.. media.Select(medium => (BlockDevice)rig.DeviceOver(medium)).Where((_, i) => i != without && i != FailFirst)];
        RaidAssembly how = new() { AllowDegraded = devices.Length != media.Count, Recovery = RaidRecovery.Later };
        Errno errno = RaidArray.TryAssemble(how, devices, rig.Host, out RaidArray? array, out string reason);
        if (errno != Errno.None)
        {
            return $"assemble: {errno} {reason}";
        }

        using (array)
        {
            (byte[] before, byte[] after) = (_buffers[0], _buffers[1]);
            if (rig.Read(array!, 0, before) != BlockStatus.Ok || array!.ResyncStep(ulong.MaxValue, out _, out reason) != Errno.None || rig.Read(array, 0, after) != BlockStatus.Ok)
            {
                return $"read or resync failed: {reason}";
            }

            if (Judge(point, before) is { } wrong)
            {
                return wrong;
            }

            RaidScrubReport scrub = array.Scrub(repair: false);
            return !after.AsSpan().SequenceEqual(before) ? "what was read changed by the resync" : scrub.Mismatches.Count != 0 ? $"scrub: {scrub.Mismatches[0]}" : null;
        }
    }

    private string? Judge(CrashPoint point, byte[] actual)
    {
        byte[] expected = _buffers[2];
        _base.CopyTo(expected, 0);
        HashSet<int> open = [];
        for (int i = 0; i < point.MarkCount; i++)
        {
            (int index, bool isAcknowledged) = ((int, bool))point.MarkAt(i);
            if (isAcknowledged)
            {
                open.Remove(index);
                _writes[index].Bytes.CopyTo(expected.AsSpan((int)_writes[index].Offset));
            }
            else
            {
                open.Add(index);
            }
        }

        foreach (int index in open)
        {
            (ulong offset, byte[] bytes, bool isWhole) = _writes[index];
            Span<byte> now = actual.AsSpan((int)offset, bytes.Length);
            Span<byte> old = expected.AsSpan((int)offset, bytes.Length);
            for (int at = 0; at < bytes.Length; at += 8)
            {
                long unit = MemoryMarshal.Read<long>(now[at..]);
                bool isKnown = unit == MemoryMarshal.Read<long>(old[at..]) || unit == MemoryMarshal.Read<long>(bytes.AsSpan(at));
                if (!isKnown && !isWhole)
                {
                    return $"byte {offset + (ulong)at} of write {index}, under way, is neither old nor new";
                }
            }

            now.CopyTo(old);
        }

        int same = actual.AsSpan().CommonPrefixLength(expected);
        return same == actual.Length ? null : $"byte {same} changed, which was acknowledged or never written";
    }
}
