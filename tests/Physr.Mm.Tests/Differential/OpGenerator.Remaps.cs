// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>The kinds of mremap, and calls that are refused.</summary>
internal sealed partial class OpGenerator
{
    private MmOp.Mremap Remap(int process)
    {
        const RemapFlags Move = RemapFlags.MREMAP_MAYMOVE | RemapFlags.MREMAP_FIXED;
        (int first, int count) = Range(process);
        int room = Arena.Pages - first;
        switch (Below(100))
        {
            case < 20 when count < room:
                return Resized(process, first, count, Math.Min(count + 1 + Below(8), room));
            case < 35 when count > 1:
                return Resized(process, first, count, 1 + Below(count - 1));
            case < 70:
                return Moved(process, first, count, count, Move);
            case < 80:
                return Moved(process, first, count, Math.Clamp(count + Below(9) - 4, 1, Arena.Pages), Move);
            case < 95:
                return Moved(process, first, count, count, Move | RemapFlags.MREMAP_DONTUNMAP);
            default:
                return Moved(process, first, 0, count, Move);
        }
    }

    private MmOp.Mremap Resized(int process, int first, int count, int newCount)
    {
        if (newCount < count)
        {
            Set(process, first + newCount, count - newCount, Mapped.Hole);
        }
        else
        {
            Set(process, first, newCount, _mapped[process][first]);
        }

        return new(process, Arena.Address(first), (ulong)count * Page, (ulong)newCount * Page, Chance(50) || newCount > count ? RemapFlags.None : RemapFlags.MREMAP_MAYMOVE, 0);
    }

    private MmOp.Mremap Moved(int process, int first, int count, int newCount, RemapFlags flags)
    {
        int to = Chance(40) ? BesideMapped(process).First : Anywhere();
        to = Math.Min(to, Arena.Pages - newCount);
        Mapped[] was = [.. _mapped[process].AsSpan(first, count)];
        if (!flags.HasFlag(RemapFlags.MREMAP_DONTUNMAP))
        {
            Set(process, first, count, Mapped.Hole);
        }

        for (int i = 0; i < newCount; i++)
        {
            _mapped[process][to + i] = was.Length == 0 ? Mapped.SharedFile : was[Math.Min(i, was.Length - 1)];
        }

        return new(process, Arena.Address(first), (ulong)count * Page, (ulong)newCount * Page, flags, Arena.Address(to));
    }

    /// <summary>An unaligned address, no length, a length that wraps, an unknown flag: what must be refused, and how.</summary>
    private MmOp Invalid(int process)
    {
        ulong address = Arena.Address(MappedPage(process));
        ulong length = Pick(0UL, ulong.MaxValue, ~(Page - 1), 100UL, Page);
        ulong crooked = address + Pick(0UL, 0UL, 1UL, 0x10UL);
        const RemapFlags Move = RemapFlags.MREMAP_MAYMOVE | RemapFlags.MREMAP_FIXED;
        const MapFlags Private = MapFlags.MAP_FIXED | MapFlags.MAP_PRIVATE;
        switch (Below(9))
        {
            case 0:
                return new MmOp.Mmap(process, crooked, length, Protection.PROT_READ, Private | MapFlags.MAP_ANONYMOUS, -1, 0);
            case 1:
                return new MmOp.Mmap(process, address, Page, Protection.PROT_READ, Pick(Private, MapFlags.MAP_FIXED, Private | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_SHARED), Pick(0, -1), Pick(1UL, ~(Page - 1), 0UL));
            case 2:
                return new MmOp.Munmap(process, crooked, length);
            case 3:
                return new MmOp.Mprotect(process, crooked, length, Pick(Protection.PROT_READ, (Protection)8, (Protection)0x10, (Protection)0x20));
            case 4:
                return new MmOp.Madvise(process, crooked, length, Pick(Advice.MADV_DONTNEED, Advice.MADV_FREE, Advice.MADV_POPULATE_READ, Advice.Unknown));
            case 5:
                return new MmOp.Mremap(process, crooked, length, Page, Pick(Move, RemapFlags.None, RemapFlags.Unknown), Arena.Address(Below(Arena.Pages)));
            case 6:
                return new MmOp.Mremap(process, address, Page, length, RemapFlags.None, 0);
            case 7:
                return new MmOp.Mremap(process, address, Page, Page, Pick(RemapFlags.MREMAP_FIXED, RemapFlags.MREMAP_DONTUNMAP, Move, RemapFlags.Unknown), Arena.Address(Below(Arena.Pages)) + Pick(0UL, 8UL));
            default:
                return new MmOp.Mremap(process, Math.Min(address, Arena.End - (2 * Page)), 2 * Page, Page, Move | RemapFlags.MREMAP_DONTUNMAP, Arena.Address(Below(Arena.Pages - 2)));
        }
    }
}
