// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Linux.Mapped;

/// <summary>What may be asked for together.</summary>
internal static class MappedRules
{
    /// <summary>Bytes in a page that nobody asked to be huge.</summary>
    public static nuint SystemPage { get; } = (nuint)Environment.SystemPageSize;

    /// <summary>Bytes in a page of that kind.</summary>
    public static nuint PageOf(MappedPages pages) => pages switch
    {
        MappedPages.Huge2MiB => (nuint)2 << 20,
        MappedPages.Huge1GiB => (nuint)1 << 30,
        _ => SystemPage,
    };

    /// <summary>Whether options go together, whatever the file is like.</summary>
    public static Errno Check(MappedKind kind, string name, MappedMemoryOptions options, out string reason)
    {
        if (!OperatingSystem.IsLinux())
        {
            reason = $"{name}: memory is mapped on Linux only";
            return Errno.EOPNOTSUPP;
        }

        bool isHuge = options.Pages is MappedPages.Huge2MiB or MappedPages.Huge1GiB;
        bool isForStores = options.Access == MappedAccess.ReadWrite;
        string why =
            !Enum.IsDefined(options.Access) ? $"there is no access {options.Access}"
            : !Enum.IsDefined(options.Pages) ? $"there are no pages of kind {options.Pages}"
            : options.Alignment != 0 && !BitOperations.IsPow2(options.Alignment) ? $"an alignment of {options.Alignment} bytes: a power of two is needed"
            : kind != MappedKind.File && options.Length == 0 ? "0 bytes are asked for: say how many it shall have"
            : kind != MappedKind.File && options.Offset != 0 ? $"it begins at 0, and offset {options.Offset} is asked for"
            : kind == MappedKind.File && isHuge ? $"the pages of a file are those of its file system: put it on a hugetlbfs, use a file in memory, or ask for {nameof(MappedPages.Transparent)} pages"
            : kind == MappedKind.Anonymous && options.Access == MappedAccess.CopyOnWrite ? $"there is nothing to copy from without a file: use {nameof(MappedAccess.ReadWrite)}"
            : kind != MappedKind.Anonymous && options.IsShared && !isForStores ? $"a file is shared by being mapped {nameof(MappedAccess.ReadWrite)}: {nameof(options.IsShared)} is for memory without a file"
            : (options.Extends || options.Allocates) && (!isForStores || kind == MappedKind.Anonymous)
                ? $"{nameof(options.Extends)} and {nameof(options.Allocates)} are for files that are mapped {nameof(MappedAccess.ReadWrite)}"
            : "";
        reason = why.Length == 0 ? "" : $"{name}: {why}";
        return why.Length == 0 ? Errno.None : Errno.EINVAL;
    }

    /// <summary>Finds how many bytes are mapped, and whether the file has to become longer for it.</summary>
    public static Errno CheckRange(MappedSource source, MappedMemoryOptions options, out nuint length, out ulong extendTo, out string reason)
    {
        (length, extendTo, reason) = (options.Length, 0, "");
        ulong has = source.Length ?? ulong.MaxValue;
        string why = "";
        Errno errno = Errno.EINVAL;
        if (options.Offset % source.PageBytes != 0)
        {
            ulong below = options.Offset - (options.Offset % source.PageBytes);
            why = $"offset {options.Offset} is no multiple of its page of {source.PageBytes} bytes: map from {below} on, and take the bytes from {options.Offset - below} on";
        }
        else if (length == 0 && source.Length is null)
        {
            why = $"a device has no length: say how many bytes ({nameof(options.Length)})";
        }
        else if (length == 0 && options.Offset >= has)
        {
            why = has == 0
                ? $"it has 0 bytes, and none can be mapped: say how many it shall have ({nameof(options.Length)}, {nameof(options.Extends)})"
                : $"it has {has} bytes, and those from {options.Offset} on are asked for";
            errno = has == 0 ? Errno.EINVAL : Errno.ENXIO;
        }
        else
        {
            length = length == 0 ? (nuint)(has - options.Offset) : length;
            if (length > (nuint)nint.MaxValue - source.PageBytes || options.Offset > long.MaxValue - (ulong)length)
            {
                why = $"{length} bytes from offset {options.Offset} on are more than any file or mapping can have";
            }
            else if (options.Offset + length > has)
            {
                extendTo = options.Offset + length;
                errno = Errno.ENXIO;
                why = options.Extends ? "" : $"it has {has} bytes, and bytes [{options.Offset}, {extendTo}) are asked for: ask for fewer, or make it longer ({nameof(options.Extends)})";
            }
        }

        reason = why.Length == 0 ? "" : $"{source.Name}: {why}";
        return why.Length == 0 ? Errno.None : errno;
    }
}
