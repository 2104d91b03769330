// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage;

/// <summary>One request to a block device: an operation, sectors, and the memory at the other end as a list of ranges (the kernel's <c>struct bio</c>, with a range list where that has
/// pages). No page descriptor is needed for it.</summary>
/// <remarks>Used once. It completes exactly once, on the thread that submits or polls the device.</remarks>
public sealed class Bio
{
    /// <summary>A sector, in bytes, whatever the device's block.</summary>
    public const uint SectorBytes = 512;

    /// <summary>log2 of <see cref="SectorBytes"/>.</summary>
    public const int SectorShift = 9;

    private Bio? _parent;
    private int _parts = 1;
    private int _status;
    private bool _isDivided;

    /// <summary>A request that moves data.</summary>
    /// <param name="operation"><see cref="BioOperation.Read"/> or <see cref="BioOperation.Write"/>.</param>
    /// <param name="sector">The first sector.</param>
    /// <param name="data">The memory at the other end; its length is the request's: whole sectors.</param>
    /// <param name="flags">How.</param>
    /// <exception cref="ArgumentException">Another operation.</exception>
    public Bio(BioOperation operation, ulong sector, RangeListView data, BioFlags flags = BioFlags.None)
    {
        if (operation is not (BioOperation.Read or BioOperation.Write))
        {
            throw new ArgumentException($"{operation} moves no data: give a count of sectors.", nameof(operation));
        }

        Operation = operation;
        Sector = sector;
        Data = data;
        Bytes = data.Length;
        Flags = flags;
    }

    /// <summary>A request without data.</summary>
    /// <param name="operation"><see cref="BioOperation.Flush"/>, <see cref="BioOperation.Discard"/> or <see cref="BioOperation.WriteZeroes"/>.</param>
    /// <param name="sector">The first sector; 0 for a flush.</param>
    /// <param name="sectors">How many; 0 for a flush.</param>
    /// <param name="flags">How.</param>
    /// <exception cref="ArgumentException">Another operation.</exception>
    public Bio(BioOperation operation, ulong sector, ulong sectors, BioFlags flags = BioFlags.None)
    {
        if (operation is BioOperation.Read or BioOperation.Write || (operation == BioOperation.Flush && (sector | sectors) != 0))
        {
            throw new ArgumentException(operation == BioOperation.Flush ? "A flush has no sectors." : $"{operation} moves data: give its ranges.", nameof(operation));
        }

        Operation = operation;
        Sector = sector;
        Bytes = checked(sectors << SectorShift);
        Data = RangeList.Empty.All;
        Flags = flags;
    }

    /// <summary>What is asked for.</summary>
    public BioOperation Operation { get; }

    /// <summary>How.</summary>
    public BioFlags Flags { get; }

    /// <summary>The first sector of 512 bytes.</summary>
    public ulong Sector { get; }

    /// <summary>Bytes of sectors.</summary>
    public ulong Bytes { get; }

    /// <summary>Sectors of 512 bytes.</summary>
    public ulong Sectors => Bytes >> SectorShift;

    /// <summary>The memory at the other end; empty for requests without data.</summary>
    public RangeListView Data { get; }

    /// <summary>How it ended; <see cref="BlockStatus.Ok"/> until then. The first failure of its parts.</summary>
    public BlockStatus Status => (BlockStatus)Volatile.Read(ref _status);

    /// <summary>Whether it ended.</summary>
    public bool IsCompleted => Volatile.Read(ref _parts) == 0;

    /// <summary>Called once, when it ends.</summary>
    public Action<Bio>? Completed { get; init; }

    /// <summary>The submitter's own.</summary>
    public object? State { get; set; }

    /// <summary>How often it was tried again; of a whole, how often its parts were.</summary>
    public int Retries { get; private set; }

    /// <summary>Makes a part of it: a bio that the whole waits for.</summary>
    /// <param name="offset">Bytes from its start, whole sectors.</param>
    /// <param name="bytes">Bytes, whole sectors.</param>
    /// <param name="sector">Where the part begins on the device that gets it.</param>
    /// <param name="operation">What is asked of that device; the whole's own where nothing is said.</param>
    public Bio Part(ulong offset, ulong bytes, ulong sector, BioOperation? operation = null)
    {
        BioOperation what = operation ?? Operation;
        _isDivided = true;
        Interlocked.Increment(ref _parts);
        Bio part = what is BioOperation.Read or BioOperation.Write
            ? new(what, sector, Data.Slice(offset, bytes), Flags)
            : new(what, sector, bytes >> SectorShift, Flags);
        part._parent = this;
        return part;
    }

    /// <summary>Makes a part with memory of its own, such as a parity buffer: a bio that the whole waits for.</summary>
    public Bio Part(BioOperation operation, ulong sector, RangeListView data, BioFlags flags)
    {
        _isDivided = true;
        Interlocked.Increment(ref _parts);
        return new(operation, sector, data, flags) { _parent = this };
    }

    /// <summary>Whose it is, to try it again.</summary>
    internal BlockDevice? Device { get; set; }

    /// <summary>Ends it, or the share of it that was not given to parts. For devices.</summary>
    public void Complete(BlockStatus status)
    {
        if (status != BlockStatus.Ok && !_isDivided && Device?.TryRequeue(this, status) == true)
        {
            return;
        }

        if (status != BlockStatus.Ok)
        {
            Interlocked.CompareExchange(ref _status, (int)status, (int)BlockStatus.Ok);
        }

        int left = Interlocked.Decrement(ref _parts);
        if (left < 0)
        {
            throw new PhysrException("complete bio", ToString(), Errno.EINVAL, "it ended before");
        }

        if (left == 0)
        {
            Completed?.Invoke(this);
            _parent?.Complete(Status);
        }
    }

    internal void CountRetry()
    {
        Retries++;
        _parent?.CountRetry();
    }

    /// <summary>The operation and its sectors.</summary>
    public override string ToString() => $"{Operation} {Sector}+{Sectors}";
}
