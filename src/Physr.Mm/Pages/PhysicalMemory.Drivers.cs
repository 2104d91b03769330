// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm;

/// <content>What drivers that move pages need.</content>
public sealed unsafe partial class PhysicalMemory
{
    /// <summary>Takes 2^order pages of RAM for a driver to move bytes into: locked, with one reference. Nobody is charged: the charge comes with what moves in (row R27b).</summary>
    /// <param name="order">0, or 9 for 2 MiB.</param>
    /// <param name="frame">The first frame.</param>
    /// <returns><see cref="Errno.ENOMEM"/>.</returns>
    public Errno TryAllocateForMove(int order, out PageFrameNumber frame)
    {
        frame = default;
        Errno errno = TryAllocate(order, null, out Page page);
        if (errno == Errno.None)
        {
            page.Lock();
            frame = page.Key.Frame;
        }

        return errno;
    }

    /// <summary>The same for many single pages at once.</summary>
    /// <param name="frames">Filled from its start.</param>
    /// <returns>How many there were.</returns>
    public int TryAllocateForMove(Span<PageFrameNumber> frames)
    {
        int count = 0;
        for (int zone = 0; zone < _zones.Length && count < frames.Length && PassesGate("page"); zone++)
        {
            count += _zones[zone].TryAllocateMany(frames[count..]);
        }

        for (int i = 0; i < count; i++)
        {
            // Nobody else knows of it.
            PageOf(PageKey.Of(frames[i])).Descriptor->FlagBits |= (ulong)PageFlags.Locked;
        }

        return count;
    }

    /// <summary>Gives back what <see cref="TryAllocateForMove(int, out PageFrameNumber)"/> took, where nothing moved in.</summary>
    public void FreeUnmoved(PageFrameNumber frame)
    {
        Page page = PageOf(PageKey.Of(frame));
        page.Unlock();
        Put(page);
    }

    /// <summary>The bytes of a run of RAM or of CPU-addressable device memory, for a driver that holds it.</summary>
    /// <param name="frame">The first frame.</param>
    /// <param name="order">log2 of the pages: up to 9, aligned to as many.</param>
    /// <exception cref="PhysrException">The CPU cannot address them.</exception>
    public Span<byte> BytesAt(PageFrameNumber frame, int order = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)order, (uint)HugeOrder, nameof(order));
        byte* bytes = BytesOf(PageKey.Of(frame));

        // SAFETY: a run of up to 2 MiB at a multiple of its size lies within one block of its zone.
        return bytes != null
            ? new(bytes, (int)PageSize.Size4K << order)
            : throw new PhysrException("reach memory", frame.ToString(), Errno.EFAULT, "the CPU cannot address it");
    }
}
