// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Mm.Tests.Differential;

/// <content>The operations.</content>
internal sealed partial class ModelWorld
{
    public OpResult Execute(MmOp op)
    {
        if (_processes[op.Process] is not { } space)
        {
            return OpResult.NotRun;
        }

        return op switch
        {
            MmOp.Mmap map => Map(space, map),
            MmOp.Munmap unmap => Answer(space.TryUnmap(new(unmap.Address), unmap.Length)),
            MmOp.Mprotect protect => Answer(Protect(space, protect)),
            MmOp.Madvise advise => Answer(space.TryAdvise(new(advise.Address), advise.Length, (MemoryAdvice)advise.Advice)),
            MmOp.Mremap remap => Remap(space, remap),
            MmOp.Read read => Load(space, read.Address),
            MmOp.Write write => Access(space.Store(new(write.Address), write.Value), write.Address, 0),
            MmOp.Fork => Fork(space),
            MmOp.Exit => Exit(op.Process),
            MmOp.Ftruncate truncate => Truncate(truncate),
            MmOp.Pread read => ReadFile(read),
            MmOp.Pwrite write => WriteFile(write),
            MmOp.PunchHole punch => Punch(punch),
            _ => throw new ArgumentOutOfRangeException(nameof(op), op, "The model does not know this operation."),
        };
    }

    private static OpResult Answer(Errno errno) => errno == Errno.None ? OpResult.Value(0) : OpResult.Refused(errno);

    private static OpResult Access(AccessOutcome outcome, ulong address, ulong value) => outcome switch
    {
        AccessOutcome.Done => OpResult.Value(value),
        AccessOutcome.MapError => OpResult.Signal(OpResult.SIGSEGV, OpResult.SEGV_MAPERR, address),
        AccessOutcome.AccessError => OpResult.Signal(OpResult.SIGSEGV, OpResult.SEGV_ACCERR, address),
        _ => OpResult.Signal(OpResult.SIGBUS, OpResult.BUS_ADRERR, address),
    };

    private static OpResult Load(AddressSpace space, ulong address) => Access(space.Load(new(address), out byte value), address, value);

    // What the library's types cannot say: bits of the system call that mean nothing.
    private static Errno Protect(AddressSpace space, MmOp.Mprotect op)
    {
        if (((int)op.Protection & ~0xf) == 0)
        {
            return space.TryProtect(new(op.Address), op.Length, (Mm.Protection)((int)op.Protection & 7));
        }

        ulong rounded = unchecked(op.Length + 4095) & ~4095UL;
        return (op.Address & 4095) != 0 ? Errno.EINVAL : op.Length == 0 ? Errno.None : unchecked(op.Address + rounded) <= op.Address ? Errno.ENOMEM : Errno.EINVAL;
    }

    private OpResult Map(AddressSpace space, MmOp.Mmap op)
    {
        int type = (int)op.Flags & 3;
        bool isAnonymous = op.Flags.HasFlag(MapFlags.MAP_ANONYMOUS);
        if ((op.Offset & 4095) != 0)
        {
            return OpResult.Refused(Errno.EINVAL);
        }

        if (!isAnonymous && op.File is not (0 or 1))
        {
            return OpResult.Refused(Errno.EBADF);
        }

        if (op.Length == 0)
        {
            return OpResult.Refused(Errno.EINVAL);
        }

        MemoryFile? file = isAnonymous ? null : _files[op.File];
        bool isShared = type is 1 or 3;
        bool isWrong = type == 0 || (type == 3 && isAnonymous);
        if (isWrong)
        {
            bool wraps = !isAnonymous && unchecked(op.Offset + ((op.Length + 4095) & ~4095UL)) < op.Offset;
            return OpResult.Refused(op.Length > AddressSpace.End ? Errno.ENOMEM : wraps ? Errno.EOVERFLOW : Errno.EINVAL);
        }

        if (isAnonymous && isShared && op.Length < 1 << 30)
        {
            file = new SharedMemoryFile(_memory, "/dev/zero (deleted)", (op.Length + 4095) & ~4095UL);
            _shared.Add(file);
        }

        MapRequest request = new(op.Length, (Mm.Protection)((int)op.Protection & 7))
        {
            Address = new(op.Address),
            IsFixed = op.Flags.HasFlag(MapFlags.MAP_FIXED),
            File = file,
            Offset = isAnonymous ? 0 : op.Offset,
            IsShared = isShared,
        };
        Errno errno = space.TryMap(request, out VirtualAddress address);
        return errno != Errno.None ? OpResult.Refused(errno) : OpResult.Value(address.Value);
    }

    private static OpResult Remap(AddressSpace space, MmOp.Mremap op)
    {
        if (((int)op.Flags & ~7) != 0)
        {
            return OpResult.Refused(Errno.EINVAL);
        }

        RemapRequest request = new(new(op.Address), op.OldLength, op.NewLength)
        {
            MayMove = op.Flags.HasFlag(RemapFlags.MREMAP_MAYMOVE),
            NewAddress = op.Flags.HasFlag(RemapFlags.MREMAP_FIXED) ? new VirtualAddress(op.NewAddress) : null,
            DontUnmap = op.Flags.HasFlag(RemapFlags.MREMAP_DONTUNMAP),
        };
        Errno errno = space.TryRemap(request, out VirtualAddress address);
        return errno != Errno.None ? OpResult.Refused(errno) : OpResult.Value(address.Value);
    }

    private OpResult Fork(AddressSpace space)
    {
        int free = Array.IndexOf(_processes, null);
        if (free < 0)
        {
            return OpResult.NotRun;
        }

        Errno errno = space.TryFork($"P{free}", out AddressSpace? child);
        if (errno != Errno.None)
        {
            return OpResult.Refused(errno);
        }

        _processes[free] = child;
        return OpResult.Value((ulong)free);
    }

    private OpResult Exit(int process)
    {
        if (_processes.Count(static each => each is not null) == 1)
        {
            return OpResult.NotRun;
        }

        _processes[process]!.Dispose();
        _processes[process] = null;
        return OpResult.Value(0);
    }

    private OpResult Truncate(MmOp.Ftruncate op)
    {
        _files[op.File].SetLength(op.Length);
        return OpResult.Value(0);
    }

    private OpResult ReadFile(MmOp.Pread op)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        int count = _files[op.File].Read(op.Offset, bytes);
        bytes[count..].Clear();
        return OpResult.Value(BinaryPrimitives.ReadUInt64LittleEndian(bytes), count);
    }

    private OpResult WriteFile(MmOp.Pwrite op)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, op.Value);
        Errno errno = _files[op.File].Write(op.Offset, bytes);
        return errno == Errno.None ? OpResult.Value(PwriteWord) : OpResult.Refused(errno);
    }

    private OpResult Punch(MmOp.PunchHole op)
    {
        _files[op.File].PunchHole(op.Offset, op.Length);
        return OpResult.Value(0);
    }
}
