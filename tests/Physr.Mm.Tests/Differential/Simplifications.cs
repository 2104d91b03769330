// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>What an operation could be instead, simpler than it is: each leads towards process 0, one page, page boundaries, readable and writable, small values. No chain of them is endless.</summary>
internal static class Simplifications
{
    private const ulong Page = Arena.PageSize;

    public static IEnumerable<MmOp> Of(MmOp op)
    {
        if (op.Process != 0)
        {
            yield return op with { Process = 0 };
        }

        foreach (MmOp simpler in OfArguments(op))
        {
            yield return simpler;
        }
    }

    private static IEnumerable<MmOp> OfArguments(MmOp op) => op switch
    {
        MmOp.Mmap map => Ranges(map.Address, map.Length).Select(range => (MmOp)(map with { Address = range.Address, Length = range.Length }))
            .Concat(Kinds(map)),
        MmOp.Munmap unmap => Ranges(unmap.Address, unmap.Length).Select(range => unmap with { Address = range.Address, Length = range.Length }),
        MmOp.Mprotect protect => Ranges(protect.Address, protect.Length).Select(range => protect with { Address = range.Address, Length = range.Length }),
        MmOp.Madvise advise => Ranges(advise.Address, advise.Length).Select(range => advise with { Address = range.Address, Length = range.Length }),
        MmOp.Mremap remap => Remaps(remap),
        MmOp.Read read when read.Address % Page != 0 => [read with { Address = read.Address / Page * Page }],
        MmOp.Write write when write.Address % Page != 0 || write.Value != 1 => [write with { Address = write.Address / Page * Page }, write with { Value = 1 }],
        MmOp.Pwrite write when write.Offset % Page != 0 || write.Value != 1 => [write with { Offset = write.Offset / Page * Page }, write with { Value = 1 }],
        MmOp.Pread read when read.Offset % Page != 0 => [read with { Offset = read.Offset / Page * Page }],
        MmOp.PunchHole { Length: > Page } punch => [punch with { Length = Page }],
        _ => [],
    };

    private static IEnumerable<MmOp> Kinds(MmOp.Mmap map)
    {
        if (map.File >= 0 && map.Flags == (MapFlags.MAP_PRIVATE | MapFlags.MAP_FIXED))
        {
            yield return map with { File = -1, Flags = map.Flags | MapFlags.MAP_ANONYMOUS, Offset = 0 };
        }

        if (map.File >= 0 && map.Offset != 0)
        {
            yield return map with { Offset = 0 };
        }

        if (map.File == 1)
        {
            yield return map with { File = 0 };
        }

        if (map.Protection != (Protection.PROT_READ | Protection.PROT_WRITE))
        {
            yield return map with { Protection = Protection.PROT_READ | Protection.PROT_WRITE };
        }
    }

    private static IEnumerable<MmOp> Remaps(MmOp.Mremap remap)
    {
        if (remap.OldLength == remap.NewLength)
        {
            foreach ((ulong address, ulong length) in Ranges(remap.Address, remap.OldLength))
            {
                yield return remap with { Address = address, OldLength = length, NewLength = length, NewAddress = remap.NewAddress + (address - remap.Address) };
            }
        }
        else if (remap.NewLength > remap.OldLength + Page && remap.NewLength < Arena.Pages * Page)
        {
            yield return remap with { NewLength = remap.OldLength + Page };
        }

        if (remap.Flags.HasFlag(RemapFlags.MREMAP_DONTUNMAP))
        {
            yield return remap with { Flags = remap.Flags & ~RemapFlags.MREMAP_DONTUNMAP };
        }
    }

    /// <summary>Parts of a range of whole pages: halves, then all but the first or the last page.</summary>
    private static IEnumerable<(ulong Address, ulong Length)> Ranges(ulong address, ulong length)
    {
        ulong pages = length / Page;
        if (address % Page != 0 || length % Page != 0 || pages < 2 || pages > Arena.Pages)
        {
            yield break;
        }

        ulong half = pages / 2 * Page;
        yield return (address, half);
        yield return (address + half, length - half);
        yield return (address, length - Page);
        yield return (address + Page, length - Page);
    }
}
