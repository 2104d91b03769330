// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Machine.Simulation;
using Physr.Memory;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>RAM, media that lie in physical memory, and arrays over them.</summary>
internal sealed class RaidRig : IStripeMemory, IDisposable
{
    private const ulong RamBytes = 32UL << 20;
    private const ulong MediaStart = 0x10_0000_0000;
    private const ulong MediaStride = 1UL << 30;
    private const ulong BioStart = 16UL << 20;

    private readonly NativeRam _ram;
    private readonly List<IDisposable> _owned = [];
    private readonly PhysicalRange _ramRange = new(new(0x1000_0000), RamBytes);
    private readonly bool _isRamShared;
    private ulong _used;

    /// <param name="seed">Of what is random.</param>
    /// <param name="ram">RAM to share with others, one at a time; null takes some of its own.</param>
    public RaidRig(ulong seed, NativeRam? ram = null)
    {
        Random = new(seed);
        _isRamShared = ram is not null;
        _ram = ram ?? new(_ramRange);
        Bytes.Attach(_ramRange, _ram);
        Host = new(this, Bytes);
    }

    public SeededRandom Random { get; }

    public HostBytes Bytes { get; } = new();

    public RaidHost Host { get; }

    public NativeRam Ram => _ram;

    public int Allocations { get; private set; }

    public int Outstanding { get; private set; }

    public IAllocationGate Gate { get; set; } = new FailNthGate(0);

    public List<PersistentMemory> Media { get; } = [];

    public Errno TryAllocate(ulong bytes, out PhysicalRange range)
    {
        range = default;
        if (!Gate.TryPass("stripe memory"))
        {
            return Errno.ENOMEM;
        }

        bytes = Alignment.Up(bytes, PageSize.Size4K);
        Assert.True(_used + bytes <= BioStart);
        range = new(_ramRange.Start.Add(_used), bytes);
        _used += bytes;
        Allocations++;
        Outstanding++;
        return Errno.None;
    }

    public void Free(PhysicalRange range)
    {
        Outstanding--;
        if (range.End.OffsetFrom(_ramRange.Start) == _used)
        {
            _used -= range.Length;
        }
        else if (Outstanding == 0)
        {
            _used = 0;
        }
    }

    public DaxBlockDevice Device(ulong bytes)
    {
        MemoryMedia medium = new($"pmem{Media.Count}", bytes);
        _owned.Add(medium);
        return DeviceOver(medium);
    }

    public DaxBlockDevice DeviceOver(PersistentMemory medium, BlockQueueLimits? limits = null)
    {
        PhysicalAddress start = new(MediaStart + ((ulong)Media.Count * MediaStride));
        Media.Add(medium);
        Bytes.Attach(start, medium);
        return new(new MediaDaxDevice(medium, start), Bytes, limits);
    }

    public BlockDevice[] Devices(int count, ulong bytes) => [.. Enumerable.Range(0, count).Select(_ => Device(bytes))];

    public RaidArray Create(RaidOptions options, IReadOnlyList<BlockDevice> devices)
    {
        Errno errno = RaidArray.TryCreate(options, devices, Host, out RaidArray? array, out string reason);
        Assert.True(errno == Errno.None, $"{errno}: {reason}");
        _owned.Add(array!);
        return array!;
    }

    public RaidArray Assemble(IReadOnlyList<BlockDevice> devices, RaidRecovery recovery = RaidRecovery.Refuse, bool degraded = false)
    {
        Errno errno = RaidArray.TryAssemble(new() { Recovery = recovery, AllowDegraded = degraded }, devices, Host, out RaidArray? array, out string reason);
        Assert.True(errno == Errno.None, $"{errno}: {reason}");
        _owned.Add(array!);
        return array!;
    }

    public static RaidOptions Options(RaidLevel level, uint chunkBytes = 4096) =>
        new() { Name = "md0", Id = new("01234567-89ab-cdef-0123-456789abcdef"), Level = level, ChunkBytes = chunkBytes, AssumeZeroed = true, StripeSlots = 4 };

    /// <summary>Memory for a bio: some bytes in several pieces, out of order.</summary>
    public RangeList Scatter(ulong bytes, ulong grain = 512)
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        ulong at = Random.Below(1UL << 18);
        List<PhysicalRange> pieces = [];
        for (ulong left = bytes; left != 0;)
        {
            ulong piece = Math.Min(left, grain * (1 + Random.Below(16)));
            pieces.Add(new(_ramRange.Start.Add(BioStart + at), piece));
            at += piece + (Random.Below(3) * 64);
            left -= piece;
        }

        for (int i = pieces.Count - 1; i > 0; i--)
        {
            int other = (int)Random.Below((ulong)i + 1);
            (pieces[i], pieces[other]) = (pieces[other], pieces[i]);
        }

        pieces.ForEach(piece => builder.Append(piece));
        return builder.Build();
    }

    public Bio WriteBio(ulong offset, byte[] bytes, BioFlags flags = BioFlags.None)
    {
        RangeList memory = Scatter((ulong)bytes.Length);
        Assert.Equal(Errno.None, HostMemory.TryWrite(Bytes, memory.All, bytes));
        return new(BioOperation.Write, offset >> Bio.SectorShift, memory.All, flags);
    }

    public BlockStatus Write(BlockDevice device, ulong offset, byte[] bytes) => device.Execute(WriteBio(offset, bytes));

    public BlockStatus Read(BlockDevice device, ulong offset, Span<byte> bytes)
    {
        RangeList memory = Scatter((ulong)bytes.Length);
        BlockStatus status = device.Execute(new(BioOperation.Read, offset >> Bio.SectorShift, memory.All));
        Assert.Equal(Errno.None, HostMemory.TryRead(Bytes, memory.All, bytes));
        return status;
    }

    public byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        Random.Fill(bytes);
        return bytes;
    }

    /// <summary>Reads all of a device and compares.</summary>
    public void Check(BlockDevice device, byte[] expected, string what)
    {
        byte[] actual = new byte[Math.Min(expected.Length, 1 << 20)];
        for (int at = 0; at < expected.Length; at += actual.Length)
        {
            int length = Math.Min(actual.Length, expected.Length - at);
            BlockStatus status = Read(device, (ulong)at, actual.AsSpan(0, length));
            Assert.True(status == BlockStatus.Ok, $"{what}: read at {at} ended with {status}");
            int wrong = actual.AsSpan(0, length).CommonPrefixLength(expected.AsSpan(at, length));
            Assert.True(wrong == length, $"{what}: byte {at + wrong} differs");
        }
    }

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        Assert.Equal(0, Outstanding);
        if (!_isRamShared)
        {
            _ram.Dispose();
        }
    }
}
