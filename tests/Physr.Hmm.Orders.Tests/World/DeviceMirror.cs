// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mirror;
using Physr.Mm;
using Physr.Mm.Interleaving;

namespace Physr.Hmm.Orders.Tests;

/// <summary>A device's own page table of a process, below its own lock, kept true by a notifier.</summary>
internal sealed unsafe class DeviceMirror : IntervalNotifier
{
    private readonly ulong[] _entries = new ulong[AddressSpace.PagesPerHuge];
    private int _lock;

    public DeviceMirror(TestDevice device, Process process)
        : base(process.Space, process.Range)
    {
        Device = device;
        Process = process;
    }

    public TestDevice Device { get; }

    public Process Process { get; }

    /// <summary>How many changes it was told of.</summary>
    public int Invalidations { get; private set; }

    /// <summary>What the device would use now: the page, and whether it may write it.</summary>
    public bool TryGetEntry(int page, out PageKey key, out bool isWritable)
    {
        ulong entry = Volatile.Read(ref _entries[page]);
        key = new(entry >> 2);
        isWritable = (entry & 2) != 0;
        return entry != 0;
    }

    public Errno Read(int page, out ulong value)
    {
        ulong found = 0;
        Errno errno = Access(page, isWrite: false, bytes => found = *(ulong*)bytes);
        value = found;
        return errno;
    }

    public Errno Write(int page, ulong value) => Access(page, isWrite: true, bytes => *(ulong*)bytes = value);

    /// <summary>Adds to a number by a read and a write, which only a page that nobody else reaches makes one step.</summary>
    public Errno Add(int page, ulong addend) => Access(page, isWrite: true, bytes => *(ulong*)bytes += addend);

    /// <summary>Takes a page from the CPU for an atomic operation.</summary>
    public Errno AddExclusively(int page, ulong addend, Action<ulong> wasAdded)
    {
        Space.EnterRead();
        Errno errno = ExclusivePage.TryAcquire(Space, Process.AddressOf(page), Device, out ExclusivePage? exclusive);
        if (errno != Errno.None)
        {
            Space.ExitRead();
            return errno;
        }

        WordLock.Enter(ref _lock, "device lock");
        Install(page, PageKey.Of(exclusive!.Frame), isWritable: true);
        WordLock.Exit(ref _lock);
        exclusive.Dispose();
        Space.ExitRead();

        WordLock.Enter(ref _lock, "device lock");
        bool isStill = TryGetEntry(page, out PageKey key, out bool isWritable) && isWritable;
        if (isStill)
        {
            ulong* number = (ulong*)Device.AnyBytesOf(key);
            *number += addend;
            wasAdded(*number);
        }

        WordLock.Exit(ref _lock);
        return isStill ? Errno.None : Errno.EBUSY;
    }

    protected internal override bool Invalidate(in NotifierRange range)
    {
        WordLock.Enter(ref _lock, "device lock");
        Invalidations++;
        ulong start = Range.Start.Value;
        for (int page = 0; page < Process.Pages; page++)
        {
            if (range.Range.Contains(new VirtualAddress(start + ((ulong)page << PageSize.Shift4K))))
            {
                _entries[page] = 0;
            }
        }

        WordLock.Exit(ref _lock);
        return true;
    }

    private Errno Access(int page, bool isWrite, ByteAction action)
    {
        Span<MirrorFrame> frames = stackalloc MirrorFrame[1];
        MirrorRequest request = (isWrite ? MirrorRequest.Write : MirrorRequest.Read) with { Owner = Device };
        WordLock.Enter(ref _lock, "device lock");
        while (!TryUse(page, isWrite, action))
        {
            WordLock.Exit(ref _lock);
            ulong sequence = ReadBegin();
            Space.EnterRead();
            frames[0] = default;
            Errno errno = RangeMirror.TryFault(this, sequence, Process.AddressOf(page), frames, request);
            Space.ExitRead();
            if (errno is not (Errno.None or Errno.EBUSY))
            {
                return errno;
            }

            WordLock.Enter(ref _lock, "device lock");
            if (errno == Errno.None && !ReadRetry(sequence))
            {
                Assert.True(frames[0].Has(MirrorFlags.Valid));
                PageKey key = frames[0].IsPrivateOffset ? PageKey.Of(frames[0].PrivateOffset) : PageKey.Of(frames[0].Frame);
                Install(page, key, frames[0].Has(MirrorFlags.Write));
            }
        }

        WordLock.Exit(ref _lock);
        return Errno.None;
    }

    private bool TryUse(int page, bool isWrite, ByteAction action)
    {
        if (!TryGetEntry(page, out PageKey key, out bool isWritable) || (isWrite && !isWritable))
        {
            return false;
        }

        action(Device.AnyBytesOf(key));
        return true;
    }

    private void Install(int page, PageKey key, bool isWritable) => Volatile.Write(ref _entries[page], (key.Value << 2) | (isWritable ? 2UL : 0) | 1);

    private delegate void ByteAction(byte* bytes);
}
