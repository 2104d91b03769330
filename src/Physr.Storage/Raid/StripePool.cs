// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>The memory an array works in, taken once: slots for rows, a block for each superblock, the bitmap, zeros, and a segment that bytes go through.</summary>
internal sealed class StripePool : IDisposable
{
    private readonly IStripeMemory _memory;
    private readonly IHostBytes _host;
    private readonly StepQueue _ready;
    private readonly PhysicalRange _range;
    private readonly Stack<StripeSlot> _free = new();
    private readonly Queue<(Step<bool> Turn, StripeSlot?[] Box)> _waiting = new();
    private readonly PhysicalAddress _superblocks;
    private readonly PhysicalAddress _bitmap;
    private readonly PhysicalAddress _through;

    private StripePool(RaidHost host, StepQueue ready, PhysicalRange range, RaidGeometry geometry, RaidLayout layout)
    {
        _memory = host.Memory;
        _host = host.Bytes;
        _ready = ready;
        _range = range;
        PhysicalAddress at = range.Start.AlignUp(RaidLayout.MaxSegmentBytes);
        Zeros = RangeList.Of(new(at, RaidLayout.MaxSegmentBytes)).All;
        _host.WritableAt(at, RaidLayout.MaxSegmentBytes).Clear();
        _through = at.Add(RaidLayout.MaxSegmentBytes);
        _bitmap = _through.Add(RaidLayout.MaxSegmentBytes);
        at = _bitmap.Add(RaidLayout.BitmapBytes);
        int columns = geometry.Members;
        int slots = SlotsOf(layout);
        Slots = new StripeSlot[slots];
        PhysicalAddress headers = at.Add((ulong)slots * (ulong)columns * layout.SegmentBytes);
        for (int i = slots - 1; i >= 0; i--)
        {
            Slots[i] = new(i, _host, headers.Add((ulong)i * RaidLayout.BlockBytes), at.Add((ulong)i * (ulong)columns * layout.SegmentBytes), columns, layout.SegmentBytes);
            _free.Push(Slots[i]);
        }

        _superblocks = headers.Add((ulong)slots * RaidLayout.BlockBytes);
    }

    /// <summary>All slots.</summary>
    public StripeSlot[] Slots { get; }

    /// <summary>Memory that reads as zeros.</summary>
    public RangeListView Zeros { get; }

    /// <summary>Memory that bytes without an address go through.</summary>
    public RangeListView Through(ulong length) => RangeList.Of(new(_through, length)).All;

    /// <summary>Its bytes.</summary>
    public Span<byte> ThroughBytes(ulong length) => _host.WritableAt(_through, length);

    /// <summary>The bitmap's bytes.</summary>
    public Span<byte> BitmapBytes => _host.WritableAt(_bitmap, RaidLayout.BitmapBytes);

    /// <summary>The memory of a part of the bitmap.</summary>
    public RangeListView Bitmap(ulong offset, ulong length) => RangeList.Of(new(_bitmap.Add(offset), length)).All;

    /// <summary>The bytes of a member's superblock.</summary>
    public Span<byte> SuperblockBytes(int role) => _host.WritableAt(_superblocks.Add((ulong)role * RaidLayout.BlockBytes), RaidLayout.BlockBytes);

    /// <summary>Its memory.</summary>
    public RangeListView Superblock(int role) => RangeList.Of(new(_superblocks.Add((ulong)role * RaidLayout.BlockBytes), RaidLayout.BlockBytes)).All;

    /// <summary>Takes the memory.</summary>
    /// <returns><see cref="Errno.ENOMEM"/>; <see cref="Errno.EFAULT"/> where the CPU cannot address what it was given, in pieces as large as are needed.</returns>
    public static Errno TryCreate(RaidHost host, StepQueue ready, RaidGeometry geometry, RaidLayout layout, out StripePool? pool, out string reason)
    {
        pool = null;
        ulong slots = (ulong)SlotsOf(layout);
        ulong bytes = (3 * RaidLayout.MaxSegmentBytes) + (slots * (((ulong)geometry.Members * layout.SegmentBytes) + RaidLayout.BlockBytes))
            + ((ulong)geometry.Members * RaidLayout.BlockBytes) + RaidLayout.MaxSegmentBytes;
        Errno errno = host.Memory.TryAllocate(bytes, out PhysicalRange range);
        if (errno != Errno.None)
        {
            reason = $"no {bytes} bytes of memory to work in";
            return errno;
        }

        PhysicalAddress start = range.Start.AlignUp(RaidLayout.MaxSegmentBytes);
        for (ulong at = 0; at + RaidLayout.BlockBytes <= range.Length - start.OffsetFrom(range.Start);)
        {
            ulong step = Math.Min(RaidLayout.MaxSegmentBytes, range.Length - start.OffsetFrom(range.Start) - at);
            if (host.Bytes.WritableAt(start.Add(at), step).Length != (int)step)
            {
                host.Memory.Free(range);
                reason = $"the CPU cannot address the {step} bytes at {start.Add(at)} in one piece: give the array ordinary RAM to work in";
                return Errno.EFAULT;
            }

            at += step;
        }

        reason = "";
        pool = new(host, ready, range, geometry, layout);
        return Errno.None;
    }

    /// <summary>Waits for a slot.</summary>
    public async Step<StripeSlot> Take()
    {
        if (_free.TryPop(out StripeSlot? slot))
        {
            return slot;
        }

        StripeSlot?[] box = new StripeSlot?[1];
        Step<bool> turn = new();
        _waiting.Enqueue((turn, box));
        await turn;
        return box[0]!;
    }

    /// <summary>Gives a slot back.</summary>
    public void Give(StripeSlot slot)
    {
        slot.Sequence = 0;
        if (_waiting.TryDequeue(out (Step<bool> Turn, StripeSlot?[] Box) next))
        {
            next.Box[0] = slot;
            _ready.Post(next.Turn);
        }
        else
        {
            _free.Push(slot);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Free(_range);

    /// <summary>Mirrors need one, to copy through.</summary>
    private static int SlotsOf(RaidLayout layout) => Math.Max(layout.Slots, 1);
}
