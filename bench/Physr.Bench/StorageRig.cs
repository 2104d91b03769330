// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Memory;
using Physr.Storage;
using Physr.Storage.Raid;

namespace Physr.Bench;

/// <summary>Arrays over memory, and RAM at the other end of their bios.</summary>
internal sealed class StorageRig : IStripeMemory, IDisposable
{
    private const ulong RamStart = 1UL << 32;
    private const ulong MediaStart = 1UL << 40;

    private readonly NativeRam _ram;
    private readonly HostBytes _bytes = new();
    private readonly MemoryMedia[] _media;
    private readonly ulong _ramBytes;

    public StorageRig(RaidLevel level, int members, uint chunkBytes, ulong arrayBytes, ulong memberBytes)
    {
        _ramBytes = Alignment.Up(arrayBytes, PageSize.Size2M);
        PhysicalRange range = new(new(RamStart), _ramBytes + (64UL << 20));
        _ram = new(range);
        _bytes.Attach(range, _ram);
        _media = [.. Enumerable.Range(0, members).Select(i => new MemoryMedia($"pmem{i}", memberBytes + (16UL << 20)))];
        List<BlockDevice> devices = [];
        for (int i = 0; i < members; i++)
        {
            PhysicalAddress start = new(MediaStart + ((ulong)i << 36));
            _bytes.Attach(start, _media[i]);
            devices.Add(new DaxBlockDevice(new MediaDaxDevice(_media[i], start), _bytes));
        }

        RaidOptions options = new() { Name = "bench", Id = Guid.Empty, Level = level, ChunkBytes = chunkBytes, AssumeZeroed = true };
        MigrationRig.Must(RaidArray.TryCreate(options, devices, new(this, _bytes), out RaidArray? array, out _));
        Array = array!;
        RangeList memory = RangeList.Of(new(new(RamStart), arrayBytes));
        Data = memory;
        for (ulong at = 0; at < arrayBytes; at += PageSize.Size2M)
        {
            _ram.BlockAt(new(RamStart + at)).Fill((byte)(at >> 21));
        }

        Write();
        Write();
    }

    public RaidArray Array { get; }

    public RangeList Data { get; }

    public IHostBytes Bytes => _bytes;

    public void Write() => Must(Array.Execute(new(BioOperation.Write, 0, Data.All)));

    public void Read() => Must(Array.Execute(new(BioOperation.Read, 0, Data.All)));

    public Errno TryAllocate(ulong bytes, out PhysicalRange range)
    {
        range = new(new(RamStart + _ramBytes), bytes);
        return Errno.None;
    }

    public void Free(PhysicalRange range)
    {
    }

    public void Dispose()
    {
        Array.Dispose();
        System.Array.ForEach(_media, static medium => medium.Dispose());
        _ram.Dispose();
    }

    private static void Must(BlockStatus status)
    {
        if (status != BlockStatus.Ok)
        {
            throw new InvalidOperationException($"{status}");
        }
    }
}
