// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mirror;

namespace Physr.Hmm.Tests;

/// <summary>A device's view of one process: a page table of its own below a lock of its own, kept true by the notifier (the kernel's <c>dmirror</c>).</summary>
internal sealed partial class ProcessMirror : IntervalNotifier
{
    private const int Chunk = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, DeviceEntry> _table = [];

    public ProcessMirror(MirrorDevice device, AddressSpace space)
        : base(space, new(default, AddressSpace.End)) => Device = device;

    public MirrorDevice Device { get; }

    /// <summary>How often the callback was asked, by event.</summary>
    public int[] Events { get; } = new int[8];

    /// <summary>How often it could skip a migration of its own (row R30b).</summary>
    public int Skipped { get; private set; }

    /// <summary>How often the second phase came.</summary>
    public int Finished { get; private set; }

    /// <summary>Called inside the callback.</summary>
    public Action<NotifierRange>? OnInvalidate { get; set; }

    /// <summary>Whether faults take the process's lock themselves, so that user space can serve them.</summary>
    public bool IsUnlocked { get; set; }

    public int EntryCount
    {
        get
        {
            lock (_lock)
            {
                return _table.Count;
            }
        }
    }

    public void Close()
    {
        Dispose();
        Device.Forget(this);
    }

    /// <summary>Reads through the mirror.</summary>
    public MirrorResult Read(VirtualAddress start, Span<byte> destination)
    {
        int done = 0;
        int faults = 0;
        while (true)
        {
            Errno errno = TryRead(start, destination, ref done);
            if (errno == Errno.ENOENT)
            {
                errno = FaultIn(start.Add((ulong)done << PageSize.Shift4K), (destination.Length >> PageSize.Shift4K) - done, MirrorRequest.Read);
                faults++;
            }
            else
            {
                return new(errno, done, faults);
            }

            if (errno != Errno.None)
            {
                return new(errno, done, faults);
            }
        }
    }

    /// <summary>Writes through the mirror.</summary>
    public MirrorResult Write(VirtualAddress start, ReadOnlySpan<byte> source)
    {
        int done = 0;
        int faults = 0;
        while (true)
        {
            Errno errno = TryWrite(start, source, ref done);
            if (errno == Errno.ENOENT)
            {
                errno = FaultIn(start.Add((ulong)done << PageSize.Shift4K), (source.Length >> PageSize.Shift4K) - done, MirrorRequest.Write);
                faults++;
            }
            else
            {
                return new(errno, done, faults);
            }

            if (errno != Errno.None)
            {
                return new(errno, done, faults);
            }
        }
    }

    /// <summary>Faults pages in and puts them into the device's table.</summary>
    public Errno FaultIn(VirtualAddress start, int pages, MirrorRequest request)
    {
        Span<MirrorFrame> frames = stackalloc MirrorFrame[Chunk];
        while (pages > 0)
        {
            Span<MirrorFrame> part = frames[..Math.Min(pages, Chunk)];
            part.Clear();
            Errno errno = FaultPart(start, part, request with { Owner = Device });
            if (errno != Errno.None)
            {
                return errno;
            }

            start = start.Add((ulong)part.Length << PageSize.Shift4K);
            pages -= part.Length;
        }

        return Errno.None;
    }

    /// <summary>Forgets what is about to move; pages that stay where they are keep their entries.</summary>
    internal void Drop(AreaMigration migration)
    {
        lock (_lock)
        {
            ulong first = migration.Start.Value >> PageSize.Shift4K;
            for (int i = 0; i < migration.Count; i++)
            {
                if (migration.Sources[i].Moves)
                {
                    DropLocked(first + (ulong)i, migration.Sources[i].Has(MigrateFlags.Compound) ? 512UL : 1);
                }
            }
        }
    }

    protected override bool Invalidate(in NotifierRange range)
    {
        OnInvalidate?.Invoke(range);
        Events[(int)range.Event]++;
        if (range.Event == NotifierEvent.Migrate && ReferenceEquals(range.Owner, Device))
        {
            // The device moves the pages itself, and drops them itself.
            Skipped++;
            return true;
        }

        lock (_lock)
        {
            DropLocked(range.Range.Start.Value >> PageSize.Shift4K, range.Range.Length >> PageSize.Shift4K);
        }

        return true;
    }

    protected override void FinishInvalidate(in NotifierRange range) => Finished++;

    private Errno FaultPart(VirtualAddress start, Span<MirrorFrame> frames, MirrorRequest request)
    {
        while (true)
        {
            ulong sequence = 0;
            Errno errno;
            if (IsUnlocked)
            {
                errno = RangeMirror.TryFaultWithin(this, start, frames, request, TimeSpan.FromSeconds(30), out sequence);
            }
            else
            {
                sequence = ReadBegin();
                Space.EnterRead();
                errno = RangeMirror.TryFault(this, sequence, start, frames, request);
                Space.ExitRead();
            }

            if (errno == Errno.EBUSY)
            {
                continue;
            }

            if (errno != Errno.None)
            {
                return errno;
            }

            lock (_lock)
            {
                if (ReadRetry(sequence))
                {
                    continue;
                }

                for (int i = 0; i < frames.Length; i++)
                {
                    Assert.True(frames[i].Has(MirrorFlags.Valid) && !frames[i].Has(MirrorFlags.Error));
                    _table[(start.Value >> PageSize.Shift4K) + (ulong)i] = new(KeyOf(frames[i]), frames[i].Has(MirrorFlags.Write), IsAtomic: false);
                }

                return Errno.None;
            }
        }
    }

    private Errno TryRead(VirtualAddress start, Span<byte> destination, ref int done)
    {
        lock (_lock)
        {
            for (; (ulong)done << PageSize.Shift4K < (ulong)destination.Length; done++)
            {
                if (!_table.TryGetValue((start.Value >> PageSize.Shift4K) + (ulong)done, out DeviceEntry entry))
                {
                    return Errno.ENOENT;
                }

                Device.Reach(entry.Key).CopyTo(destination[(done << PageSize.Shift4K)..]);
            }

            return Errno.None;
        }
    }

    private Errno TryWrite(VirtualAddress start, ReadOnlySpan<byte> source, ref int done)
    {
        lock (_lock)
        {
            for (; (ulong)done << PageSize.Shift4K < (ulong)source.Length; done++)
            {
                if (!_table.TryGetValue((start.Value >> PageSize.Shift4K) + (ulong)done, out DeviceEntry entry) || !entry.IsWritable)
                {
                    return Errno.ENOENT;
                }

                source.Slice(done << PageSize.Shift4K, (int)PageSize.Size4K).CopyTo(Device.Reach(entry.Key));
            }

            return Errno.None;
        }
    }

    private void DropLocked(ulong first, ulong pages)
    {
        if (pages < (ulong)_table.Count)
        {
            for (ulong page = first; page < first + pages; page++)
            {
                _table.Remove(page);
            }

            return;
        }

        foreach (ulong page in _table.Keys)
        {
            if (page - first < pages)
            {
                _table.Remove(page);
            }
        }
    }

    private static PageKey KeyOf(MirrorFrame frame) => frame.IsPrivateOffset ? PageKey.Of(frame.PrivateOffset) : PageKey.Of(frame.Frame);
}
