// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;
using Physr.Linux.Memory;

namespace Physr.Linux.Rings;

/// <summary>Reads, writes and syncs of files that the kernel does while its owner does something else (<c>io_uring</c>). It belongs to the thread that first calls <see cref="Submit"/>, and allocates nothing.</summary>
/// <remarks><para>Calls are queued (<see cref="TryQueueRead"/>), handed to the kernel together (<see cref="Submit"/>), and their ends collected (<see cref="Reap"/>), in any order.
/// <see cref="Handle"/> is readable for <c>epoll</c> while there are ends to collect.</para>
/// <para>The memory of a call has to be there, and to be nobody else's, until its end was collected. Files are held from queueing to handing over; the kernel holds them after that.</para></remarks>
public sealed unsafe partial class IoRing : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly nint _descriptor;
    private readonly Mapping _queues;
    private readonly Mapping _entryMemory;
    private readonly SafeFileHandle?[] _held;
    private readonly IoUringEntry* _entries;
    private readonly IoUringCompletion* _completions;
    private readonly uint* _head;
    private readonly uint* _tail;
    private readonly uint* _flags;
    private readonly uint* _completionHead;
    private readonly uint* _completionTail;
    private readonly uint _completionMask;
    private uint _queued;
    private uint _handedOver;
    private bool _isEnabled;

    private IoRing(SafeFileHandle handle, Mapping queues, Mapping entries, in IoUringParameters parameters)
    {
        // SAFETY: the kernel gave these offsets for mappings of the lengths that TryMap computed from them; both are there until Dispose.
        byte* memory = (byte*)queues.Address;
        // The descriptor is held until Dispose, so that its number stays this ring's.
        bool isHeld = false;
        handle.DangerousAddRef(ref isHeld);
        (_handle, _descriptor, _queues, _entryMemory) = (handle, handle.DangerousGetHandle(), queues, entries);
        _held = new SafeFileHandle?[parameters.SubmissionEntries];
        _entries = (IoUringEntry*)entries.Address;
        _completions = (IoUringCompletion*)(memory + parameters.Completions);
        _head = (uint*)(memory + parameters.SubmissionHead);
        _tail = (uint*)(memory + parameters.SubmissionTail);
        _flags = (uint*)(memory + parameters.SubmissionFlags);
        _completionHead = (uint*)(memory + parameters.CompletionHead);
        _completionTail = (uint*)(memory + parameters.CompletionTail);
        _completionMask = parameters.CompletionEntries - 1;
        _isEnabled = !parameters.Flags.HasFlag(IoUringSetupFlags.IORING_SETUP_R_DISABLED);
        uint* array = (uint*)(memory + parameters.SubmissionArray);
        for (uint index = 0; index < parameters.SubmissionEntries; index++)
        {
            array[index] = index;
        }
    }

    /// <summary>The ring's descriptor: readable while ends of calls wait to be collected. Wait for it on the ring's own thread.</summary>
    public SafeFileHandle Handle => _handle;

    /// <summary>How many calls may be queued at one time.</summary>
    public int Entries => _held.Length;

    /// <summary>Calls that were queued and whose ends were not collected.</summary>
    public int Pending { get; private set; }

    /// <summary>Queues a read, as <c>pread</c>.</summary>
    /// <param name="file">Where from.</param>
    /// <param name="destination">The memory, as aligned as the file needs it.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="offset">Where in the file.</param>
    /// <param name="token">Comes back with the end.</param>
    /// <returns>False when the ring is full: submit or reap first.</returns>
    public bool TryQueueRead(SafeFileHandle file, nint destination, uint length, ulong offset, ulong token) =>
        TryQueue(file, new() { Operation = IoUringOperation.IORING_OP_READ, Address = (ulong)destination, Length = length, Offset = offset, Token = token });

    /// <summary>Queues a write, as <c>pwrite</c>; as <see cref="TryQueueRead"/>.</summary>
    public bool TryQueueWrite(SafeFileHandle file, nint source, uint length, ulong offset, ulong token) =>
        TryQueue(file, new() { Operation = IoUringOperation.IORING_OP_WRITE, Address = (ulong)source, Length = length, Offset = offset, Token = token });

    /// <summary>Queues an <c>fdatasync</c>: of writes whose ends were collected before, not of those under way.</summary>
    public bool TryQueueFlush(SafeFileHandle file, ulong token) =>
        TryQueue(file, new() { Operation = IoUringOperation.IORING_OP_FSYNC, Flags = (uint)IoUringSync.IORING_FSYNC_DATASYNC, Token = token });

    /// <summary>Hands what is queued to the kernel.</summary>
    /// <param name="waitFor">How many ends there are to be before it returns; no more than there are calls.</param>
    /// <returns><see cref="Errno.EAGAIN"/> or <see cref="Errno.EBUSY"/> where the kernel takes no more just now: what is queued stays so, reap and try again. <see cref="Errno.EEXIST"/> on another thread than
    /// the ring's.</returns>
    public Errno Submit(uint waitFor)
    {
        if (!_isEnabled)
        {
            if (LibC.Syscall(SystemCall.SYS_io_uring_register, _descriptor, (nint)IoUringRegisterOperation.IORING_REGISTER_ENABLE_RINGS) < 0)
            {
                return LibC.LastError;
            }

            _isEnabled = true;
        }

        Volatile.Write(ref *_tail, _queued);
        uint least = Math.Min(waitFor, (uint)Pending);
        while (_queued != _handedOver || Ready < least)
        {
            uint count = _queued - _handedOver;
            nint taken = Enter(count, least, least == 0 ? default : IoUringEnterFlags.IORING_ENTER_GETEVENTS);
            Errno errno = taken < 0 ? LibC.LastError : Errno.None;
            LetGo();
            if (errno != Errno.None && errno != Errno.EINTR)
            {
                return errno;
            }

            if (taken == 0 && count != 0)
            {
                return Errno.EAGAIN;
            }
        }

        return Errno.None;
    }

    /// <summary>Collects ends of calls. Does not wait.</summary>
    /// <param name="completions">Where they go.</param>
    /// <returns>How many.</returns>
    public int Reap(Span<RingCompletion> completions)
    {
        int count = Take(completions);
        const IoUringQueueFlags Waiting = IoUringQueueFlags.IORING_SQ_TASKRUN | IoUringQueueFlags.IORING_SQ_CQ_OVERFLOW;
        if (count < completions.Length && (Volatile.Read(ref *_flags) & (uint)Waiting) != 0 && _isEnabled)
        {
            // Ends that the kernel has, and that this thread finishes there. An error leaves them for the next time.
            _ = Enter(0, 0, IoUringEnterFlags.IORING_ENTER_GETEVENTS);
            count += Take(completions[count..]);
        }

        return count;
    }

    /// <summary>Calls off what can be called off, waits for the rest, and lets go of the ring. On another thread than the ring's nothing can be called off.</summary>
    public void Dispose()
    {
        if (_handle.IsClosed)
        {
            return;
        }

        Pending -= (int)(_queued - _handedOver);
        _queued = _handedOver;
        LetGoOfAll();
        const IoUringCancel All = IoUringCancel.IORING_ASYNC_CANCEL_ALL | IoUringCancel.IORING_ASYNC_CANCEL_ANY;
        if (Pending > 0 && TryQueue(_handle, new() { Operation = IoUringOperation.IORING_OP_ASYNC_CANCEL, Flags = (uint)All }) && Submit(0) != Errno.None)
        {
            (_queued, Pending) = (_handedOver, Pending - 1);
        }

        Span<RingCompletion> completions = stackalloc RingCompletion[16];
        while (Pending > 0 && Submit(1) == Errno.None)
        {
            _ = Reap(completions);
        }

        LetGoOfAll();
        _handle.Dispose();
        _handle.DangerousRelease();
        _entryMemory.Dispose();
        _queues.Dispose();
    }

    private nint Enter(uint count, uint least, IoUringEnterFlags flags) => LibC.Syscall(SystemCall.SYS_io_uring_enter, _descriptor, (nint)count, (nint)least, (nint)flags);

    private uint Ready => Volatile.Read(ref *_completionTail) - *_completionHead;

    private bool TryQueue(SafeFileHandle file, IoUringEntry entry)
    {
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        if (_queued - _handedOver == (uint)_held.Length || (uint)Pending > _completionMask)
        {
            return false;
        }

        bool isHeld = false;
        file.DangerousAddRef(ref isHeld);
        entry.Descriptor = (int)file.DangerousGetHandle();
        int index = (int)(_queued & (uint)(_held.Length - 1));
        _held[index] = file;

        // SAFETY: the index lies within the mapped entries, whose number is a power of two; the kernel has taken what stood there.
        _entries[index] = entry;
        _queued++;
        Pending++;
        return true;
    }

    /// <summary>Lets go of the files of those calls that the kernel has taken.</summary>
    private void LetGo()
    {
        for (uint head = Volatile.Read(ref *_head); _handedOver != head; _handedOver++)
        {
            ref SafeFileHandle? held = ref _held[(int)(_handedOver & (uint)(_held.Length - 1))];
            held?.DangerousRelease();
            held = null;
        }
    }

    private void LetGoOfAll()
    {
        foreach (ref SafeFileHandle? held in _held.AsSpan())
        {
            held?.DangerousRelease();
            held = null;
        }
    }

    private int Take(Span<RingCompletion> completions)
    {
        int count = (int)Math.Min(Ready, (uint)completions.Length);
        uint head = *_completionHead;
        for (int index = 0; index < count; index++)
        {
            // SAFETY: the index lies within the mapped completions, whose number is a power of two; the kernel's tail says that it was written.
            IoUringCompletion completion = _completions[(head + (uint)index) & _completionMask];
            completions[index] = new(completion.Token, completion.Result);
        }

        Volatile.Write(ref *_completionHead, head + (uint)count);
        Pending -= count;
        return count;
    }
}
