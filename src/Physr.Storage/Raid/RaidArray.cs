// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <summary>Block devices as one: RAID 0, 1, 5, 6 and 10. A bio becomes bios on the members with slices of its range list; nothing is allocated by the page (mission text 004, row R86).</summary>
/// <remarks>
/// <para>Members may complete later and in any order; <see cref="BlockDevice.Poll"/> moves the array on. The array is its members' only user.</para>
/// <para>Memory of a write must not change until it ends: parity and copies are made of what is read from it more than once.</para>
/// <para>A power cut never changes bytes that were not being written. Mirrors note in a bitmap where they write; RAID-5 and 6 write each change to a journal on several members first
/// and are write-through: what completed is durable.</para>
/// </remarks>
public sealed partial class RaidArray : BlockDevice
{
    private readonly RaidHost _host;
    private readonly RaidSuperblock _superblock;
    private readonly RaidLayout _layout;
    private readonly RaidMember[] _members;
    private readonly StripePool _pool;
    private readonly StepQueue _ready;
    private readonly StripeLocks _locks;
    private readonly CoalescedWrite _metadata;
    private readonly RaidBitmap? _bitmap;
    private readonly RaidDaxDevice? _dax;
    private readonly Lock _gate = new();
    private ulong _writesStarted;
    private bool _isDisposed;

    private RaidArray(RaidHost host, RaidSuperblock superblock, RaidMember[] members, StripePool pool, StepQueue ready)
        : base(superblock.Name, superblock.Geometry.ArrayBytes >> Bio.SectorShift, LimitsOf(superblock.Geometry, members))
    {
        _host = host;
        _superblock = superblock;
        _layout = superblock.Layout;
        _members = members;
        _pool = pool;
        _ready = ready;
        _locks = new(_ready);
        Geometry = superblock.Geometry;
        _metadata = new(WriteSuperblocks, _ready);
        _bitmap = Geometry.Parities == 0 && Geometry.Copies > 1 ? new(this, RaidLayout.RegionBytes(Geometry)) : null;
        _dax = members.All(static member => member.Device is null || member.Device.Dax is not null) && members.Any(static member => member.Device is not null) ? new(this) : null;
        foreach (RaidMember member in members)
        {
            member.WastedBytes = member.Device is { } device ? (device.Sectors << Bio.SectorShift) - _layout.DataOffset - Geometry.MemberBytes : 0;
        }
    }

    /// <summary>Where its bytes are.</summary>
    public RaidGeometry Geometry { get; }

    /// <summary>What tells it from other arrays.</summary>
    public Guid Id => _superblock.Id;

    /// <summary>Its places, by role.</summary>
    public IReadOnlyList<RaidMember> Members => _members;

    /// <summary>Where data begins on each member, in bytes; a multiple of 2 MiB.</summary>
    public ulong DataOffset => _layout.DataOffset;

    /// <summary>How often its superblocks changed.</summary>
    public ulong EventCount => _superblock.Event;

    /// <summary>How it stands.</summary>
    public RaidState State { get; private set; }

    /// <summary>Which member was one too many; empty unless the array failed.</summary>
    public string FailureReason { get; private set; } = "";

    /// <summary>The array as memory, where all its members are; null elsewhere.</summary>
    public override IDaxDevice? Dax => _dax;

    /// <summary>Whether a power cut is provided for. For tests, which show that they would notice.</summary>
    internal bool IsProtected { get; set; } = true;

    /// <summary>How many bits of the bitmap are worth clearing at a flush.</summary>
    internal int LeastCleared { get; set; } = 64;

    internal RaidHost Host => _host;

    internal RaidLayout Layout => _layout;

    internal StripePool Pool => _pool;

    internal StepQueue Ready => _ready;

    internal RaidMember[] Roles => _members;

    internal Lock Gate => _gate;

    /// <inheritdoc/>
    protected override bool PollCore()
    {
        lock (_gate)
        {
            bool hasMoved = false;
            foreach (RaidMember member in _members)
            {
                hasMoved |= member.Device?.Poll() == true;
            }

            return _ready.Drain() || hasMoved;
        }
    }

    /// <inheritdoc/>
    protected override void Start(Bio bio)
    {
        lock (_gate)
        {
            if (Geometry.Tolerates == 0 && bio.Operation != BioOperation.Flush && (bio.Flags & BioFlags.PreFlush) == BioFlags.None)
            {
                StartParts(bio);
            }
            else
            {
                Finish(bio, Serve(bio));
            }

            _ready.Drain();
        }
    }

    /// <summary>Moves the members on until some work ends.</summary>
    /// <exception cref="PhysrException">Nothing moves any more.</exception>
    internal T Await<T>(Step<T> step, string what)
    {
        lock (_gate)
        {
            _ready.Drain();
            while (!step.IsCompleted)
            {
                if (!Poll() && !step.IsCompleted)
                {
                    throw new PhysrException(what, Name, Errno.EIO, "the members stopped moving before they completed");
                }
            }

            return step.GetResult();
        }
    }

    /// <summary>Gives the array's memory back; the members stay the caller's. An array that was not stopped (<see cref="TryStop"/>) counts as cut off.</summary>
    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _pool.Dispose();
        }

        base.Dispose(disposing);
    }

    private static void Finish(Bio bio, Step<BlockStatus> step)
    {
        if (step.IsCompleted)
        {
            bio.Complete(step.GetResult());
        }
        else
        {
            step.OnCompleted(() => bio.Complete(step.GetResult()));
        }
    }

    /// <summary>RAID-0: nothing stands between a bio and its parts.</summary>
    private void StartParts(Bio bio)
    {
        ulong start = bio.Sector << Bio.SectorShift;
        for (ulong done = 0; done < bio.Bytes;)
        {
            RaidLocation at = Geometry.Locate(start + done);
            ulong length = Math.Min(at.Length, bio.Bytes - done);
            _members[at.Member].Device!.Submit(bio.Part(done, length, (_layout.DataOffset + at.Offset) >> Bio.SectorShift));
            done += length;
        }

        bio.Complete(BlockStatus.Ok);
    }

    private async Step<BlockStatus> Serve(Bio bio)
    {
        if (bio.Operation == BioOperation.Flush || (bio.Flags & BioFlags.PreFlush) != BioFlags.None)
        {
            BlockStatus flushed = await FlushMembers();
            if (flushed != BlockStatus.Ok || bio.Operation == BioOperation.Flush)
            {
                return flushed;
            }
        }

        bool isWrite = bio.Operation != BioOperation.Read;
        if (isWrite && State == RaidState.Failed)
        {
            return BlockStatus.IoError;
        }

        _writesStarted += isWrite ? 1UL : 0;
        List<Step<BlockStatus>> pieces = [];
        if (Geometry.Parities != 0)
        {
            (isWrite ? (Action<Bio, List<Step<BlockStatus>>>)StartColumns : StartChunkReads)(bio, pieces);
        }
        else if (Geometry.Tolerates == 0)
        {
            StartParts(bio.Part(0, bio.Bytes, bio.Sector));
        }
        else
        {
            (isWrite ? (Action<Bio, List<Step<BlockStatus>>>)StartRegions : StartChunkReads)(bio, pieces);
        }

        BlockStatus status = BlockStatus.Ok;
        foreach (Step<BlockStatus> piece in pieces)
        {
            BlockStatus ended = await piece;
            status = status == BlockStatus.Ok ? ended : status;
        }

        return status;
    }

    /// <summary>Makes everything that completed durable.</summary>
    /// <param name="clears">Whether bits of the bitmap are cleared, too, even if they are few.</param>
    private async Step<BlockStatus> FlushMembers(bool clears = false)
    {
        ulong writes = _writesStarted;
        clears = _locks.Count == 0 && _bitmap is not null && (clears || _bitmap.ClearableCount >= LeastCleared);
        if (clears)
        {
            FlushStores();
        }

        MemberWork work = new(_members.Length);
        foreach (RaidMember member in _members)
        {
            if (member.IsWritable)
            {
                work.Start(member, BioOperation.Flush, 0, 0);
            }
        }

        BlockStatus status = await work ? BlockStatus.Ok : FailWriters(work);
        if (status == BlockStatus.Ok && clears && writes == _writesStarted)
        {
            await _bitmap!.ClearSynced();
        }

        await _metadata.Settle();
        return status;
    }

    private static BlockQueueLimits LimitsOf(RaidGeometry geometry, RaidMember[] members)
    {
        BlockDevice[] devices = [.. members.Select(static member => member.Device).OfType<BlockDevice>()];
        bool discards = geometry.Tolerates != 0 || devices.All(static device => device.Limits.MaxDiscardSectors != 0);
        return new()
        {
            LogicalBlockBytes = devices.Max(static device => device.Limits.LogicalBlockBytes),
            AlignmentMask = devices.Aggregate(0UL, static (mask, device) => mask | device.Limits.AlignmentMask),
            HasVolatileCache = devices.Any(static device => device.Limits.HasVolatileCache),
            MaxDiscardSectors = discards ? uint.MaxValue : 0,
            MaxWriteZeroesSectors = uint.MaxValue,
        };
    }
}
