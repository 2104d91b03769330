// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mirror;
using Physr.Mm;
using Physr.Mm.Interleaving;

namespace Physr.Hmm.Orders.Tests;

/// <summary>A device's own page table of a process, below its own lock, kept true by a notifier.</summary>
internal sealed unsafe class DeviceMirror : IntervalNotifier
{
    private readonly ulong[] _entries = new ulong[2 * AddressSpace.PagesPerHuge];
    private int _lock;

    public DeviceMirror(TestDevice device, Process process)
        : base(process.Space, process.Range)
    {
        Device = device;
        Process = process;
    }

    public TestDevice Device { get; }

    public Process Process { get; }

    /// <summary>Called with each change that it is told of.</summary>
    public Action? WasTold { get; set; }

    /// <summary>Whether it says that it could not invalidate.</summary>
    public bool Refuses { get; set; }

    /// <summary>What the device would use now: the page, and whether it may write it.</summary>
    public bool TryGetEntry(int page, out PageKey key, out bool isWritable)
    {
        ulong entry = Volatile.Read(ref _entries[page]);
        key = new(entry >> 2);
        isWritable = (entry & 2) != 0;
        return entry != 0;
    }

    public Errno Read(int page, out ulong value, int word = 0)
    {
        ulong found = 0;
        Errno errno = Access(page, isWrite: false, bytes => found = ((ulong*)bytes)[word]);
        value = found;
        return errno;
    }

    public Errno Write(int page, ulong value, int word = 0) => Access(page, isWrite: true, bytes => ((ulong*)bytes)[word] = value);

    /// <summary>Takes a page from the CPU for an atomic operation.</summary>
    public Errno AddExclusively(int page, ulong addend, Action<ulong> wasAdded)
    {
        ulong sequence = ReadBegin();
        Space.EnterRead();
        Errno errno = ExclusivePage.TryAcquire(Space, Process.AddressOf(page), Device, out ExclusivePage? exclusive);
        Space.ExitRead();
        if (errno != Errno.None)
        {
            return errno;
        }

        WordLock.Enter(ref _lock, "device lock");
        if (!ReadRetry(sequence))
        {
            Install(page, PageKey.Of(exclusive!.Frame), isWritable: true);
        }

        WordLock.Exit(ref _lock);
        exclusive!.Dispose();
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

    protected internal override bool IsOwn(in NotifierRange range) => range.Event == NotifierEvent.Exclusive && range.Owner == Device;

    protected internal override bool Invalidate(in NotifierRange range)
    {
        WordLock.Enter(ref _lock, "device lock");
        WasTold?.Invoke();
        ulong first = Math.Max(range.Range.Start.Value, Range.Start.Value);
        ulong end = Math.Min(range.Range.End.Value, Range.End.Value);
        Array.Clear(_entries, (int)((first - Range.Start.Value) >> PageSize.Shift4K), (int)((end - first) >> PageSize.Shift4K));

        WordLock.Exit(ref _lock);
        return !Refuses;
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
