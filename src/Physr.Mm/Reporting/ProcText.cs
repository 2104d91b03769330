// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;

namespace Physr.Mm.Reporting;

/// <summary>A process's memory in the exact forms of <c>/proc/PID/maps</c> and <c>/proc/PID/smaps</c> of Linux 6.18 on x86-64.</summary>
public static class ProcText
{
    // Where names begin: 25 characters and six for each byte of a pointer, less one.
    private const int NameColumn = 72;

    private static readonly (VmFlags Flag, string Code)[] s_codes =
    [
        (VmFlags.Read, "rd"), (VmFlags.Write, "wr"), (VmFlags.Execute, "ex"), (VmFlags.Shared, "sh"),
        (VmFlags.MayRead, "mr"), (VmFlags.MayWrite, "mw"), (VmFlags.MayExecute, "me"), (VmFlags.MayShare, "ms"),
        (VmFlags.PfnMap, "pf"), (VmFlags.MaybeGuard, "gu"), (VmFlags.Locked, "lo"), (VmFlags.Io, "io"), (VmFlags.SequentialRead, "sr"), (VmFlags.RandomRead, "rr"),
        (VmFlags.DontCopy, "dc"), (VmFlags.DontExpand, "de"), (VmFlags.Account, "ac"), (VmFlags.NoReserve, "nr"), (VmFlags.WipeOnFork, "wf"),
        (VmFlags.DontDump, "dd"), (VmFlags.SoftDirty, "sd"), (VmFlags.MixedMap, "mm"), (VmFlags.HugePage, "hg"), (VmFlags.NoHugePage, "nh"), (VmFlags.UserFaultMissing, "um"),
    ];

    /// <summary>Four characters of rights, as <c>rw-p</c>.</summary>
    public static string Permissions(VmFlags flags) => string.Create(4, flags, static (text, flags) =>
    {
        text[0] = (flags & VmFlags.Read) != VmFlags.None ? 'r' : '-';
        text[1] = (flags & VmFlags.Write) != VmFlags.None ? 'w' : '-';
        text[2] = (flags & VmFlags.Execute) != VmFlags.None ? 'x' : '-';
        text[3] = (flags & VmFlags.Shared) != VmFlags.None ? 's' : 'p';
    });

    /// <summary>The whole of <c>maps</c>.</summary>
    public static string Maps(AddressSpace space)
    {
        ArgumentNullException.ThrowIfNull(space);
        StringBuilder text = new();
        space.EnterRead();
        try
        {
            foreach (VirtualMemoryArea area in space.Areas)
            {
                AppendMap(text, area);
            }
        }
        finally
        {
            space.ExitRead();
        }

        return text.ToString();
    }

    /// <summary>The whole of <c>smaps</c>.</summary>
    public static string Smaps(AddressSpace space)
    {
        ArgumentNullException.ThrowIfNull(space);
        StringBuilder text = new();
        space.EnterRead();
        try
        {
            foreach (VirtualMemoryArea area in space.Areas)
            {
                AppendMap(text, area);
                AppendUsage(text, area, space.UsageOf(area, area.StartAddress, area.EndAddress));
            }
        }
        finally
        {
            space.ExitRead();
        }

        return text.ToString();
    }

    private static void AppendMap(StringBuilder text, VirtualMemoryArea area)
    {
        int start = text.Length;
        MemoryFile? file = area.File;
        ulong offset = file is null ? 0 : area.PageOffset << PageSize.Shift4K;
        (int major, int minor) = file?.Device ?? (0, 0);
        text.Append($"{area.StartAddress:x8}-{area.EndAddress:x8} {Permissions(area.Flags)} {offset:x8} {major:x2}:{minor:x2} {file?.Inode ?? 0} ");
        if (file is not null)
        {
            text.Append(' ', Math.Max(0, NameColumn - (text.Length - start))).Append(' ').Append(file.Name);
        }

        text.Append('\n');
    }

    private static void AppendUsage(StringBuilder text, VirtualMemoryArea area, MemoryUsage usage)
    {
        Line(text, "Size", area.EndAddress - area.StartAddress);
        Line(text, "KernelPageSize", PageSize.Size4K);
        Line(text, "MMUPageSize", PageSize.Size4K);
        Line(text, "Rss", usage.Rss);
        Line(text, "Pss", usage.Pss);
        Line(text, "Pss_Dirty", usage.PssDirty);
        Line(text, "Shared_Clean", usage.SharedClean);
        Line(text, "Shared_Dirty", usage.SharedDirty);
        Line(text, "Private_Clean", usage.PrivateClean);
        Line(text, "Private_Dirty", usage.PrivateDirty);
        Line(text, "Referenced", usage.Referenced);
        Line(text, "Anonymous", usage.Anonymous);
        Line(text, "KSM", 0);
        Line(text, "LazyFree", usage.LazyFree);
        Line(text, "AnonHugePages", usage.AnonHugePages);
        Line(text, "ShmemPmdMapped", 0);
        Line(text, "FilePmdMapped", 0);
        Line(text, "Shared_Hugetlb", 0);
        Line(text, "Private_Hugetlb", 0);
        Line(text, "Swap", usage.Swap);
        Line(text, "SwapPss", usage.SwapPss);
        Line(text, "Locked", usage.Locked);
        text.Append($"THPeligible:    {(area.Space.HasRoomForHuge(area) ? 1 : 0),8}\n");
        text.Append("VmFlags:");
        foreach ((VmFlags flag, string code) in s_codes)
        {
            if (area.Has(flag))
            {
                text.Append(' ').Append(code);
            }
        }

        text.Append(" \n");
    }

    private static void Line(StringBuilder text, string label, ulong bytes) => text.Append($"{label + ":",-16}{bytes >> 10,8} kB\n");
}
