// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

internal sealed partial class IoPages
{
    /// <summary>Pages pinned at a time only to copy them: as many as the kernel's reader takes on its stack.</summary>
    private const ulong PagesCopiedAtATime = 16;

    /// <summary>Copies bytes out.</summary>
    /// <param name="offset">The first byte, from the start of page 0.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="flags">Which way to the bytes.</param>
    public Errno Read(ulong offset, Span<byte> destination, AccessFlags flags)
    {
        if (Reader(flags) is { } process)
        {
            return process.TryRead(new(Source.Start + offset), destination);
        }

        return _context.Options.Memory is { } memory ? CopyByFrames(memory, offset, destination, default, isWrite: false) : Errno.EOPNOTSUPP;
    }

    /// <summary>Copies bytes in.</summary>
    /// <param name="offset">The first byte, from the start of page 0.</param>
    /// <param name="source">What.</param>
    /// <param name="flags">Which way to the bytes.</param>
    public Errno Write(ulong offset, ReadOnlySpan<byte> source, AccessFlags flags)
    {
        if (Reader(flags) is { } process)
        {
            return process.TryWrite(new(Source.Start + offset), source);
        }

        return _context.Options.Memory is { } memory ? CopyByFrames(memory, offset, default, source, isWrite: true) : Errno.EOPNOTSUPP;
    }

    /// <summary>The process whose addresses may be used: only the caller's own.</summary>
    private IUserMemory? Reader(AccessFlags flags) =>
        !flags.HasFlag(AccessFlags.ForeignThread) && !flags.HasFlag(AccessFlags.SlowPath) && ReferenceEquals(Source.Process, _context.Process) ? Source.Process : null;

    private Errno CopyByFrames(IHostMemory memory, ulong offset, Span<byte> destination, ReadOnlySpan<byte> source, bool isWrite)
    {
        if (Source.IsDeviceMemory)
        {
            return Errno.EINVAL;
        }

        lock (_lock)
        {
            int left = isWrite ? source.Length : destination.Length;
            ulong last = (offset + (ulong)left - 1) >> PageSize.Shift4K;
            int done = 0;
            while (done < left)
            {
                ulong at = offset + (ulong)done;
                ulong index = at >> PageSize.Shift4K;
                Errno errno = FindFramesToCopy(index, last, out bool isBorrowed);
                if (errno != Errno.None)
                {
                    return errno;
                }

                foreach (FrameRun run in _batch.Runs)
                {
                    ulong inRun = offset + (ulong)done - (run.Index << PageSize.Shift4K);
                    int length = (int)Math.Min((ulong)(left - done), run.Bytes.Length - inRun);
                    PhysicalAddress address = run.Bytes.Start.Add(inRun);
                    if (isWrite)
                    {
                        memory.Write(address, source.Slice(done, length));
                    }
                    else
                    {
                        memory.Read(address, destination.Slice(done, length));
                    }

                    done += length;
                }

                if (isBorrowed)
                {
                    foreach (PhysicalRange frames in _pinning)
                    {
                        Source.Unpin(frames, isWrite);
                    }
                }
            }

            return Errno.None;
        }
    }

    /// <summary>Puts frames into the batch, from one page on; where nothing has them, pins them for as long as it takes to copy, which nobody is charged for.</summary>
    private Errno FindFramesToCopy(ulong index, ulong last, out bool isBorrowed)
    {
        _batch.Clear();
        bool anyUncovered = TryFindUncovered(index, last, out ulong first, out ulong end);
        isBorrowed = anyUncovered && first == index;
        if (!isBorrowed)
        {
            return FindFrames(index, anyUncovered ? first - 1 : last, out _);
        }

        ulong count = Math.Min(end - index + 1, PagesCopiedAtATime);
        _pinning.Clear();
        Errno errno = _context.Passes("pin pages to copy") ? Source.TryPin(index, count, IsWritable, _pinning) : Errno.ENOMEM;
        if (errno != Errno.None)
        {
            return errno;
        }

        foreach (PhysicalRange frames in _pinning)
        {
            _batch.Add(index, frames.Length >> PageSize.Shift4K, frames.Start.Value >> PageSize.Shift4K, isOwned: false);
            index += frames.Length >> PageSize.Shift4K;
        }

        return Errno.None;
    }
}
