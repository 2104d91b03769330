// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <content>The steps of mapping.</content>
public sealed partial class MappedMemory
{
    /// <summary>Maps a file; it is closed on failure.</summary>
    private static Errno TryMapFile(SafeFileHandle file, string name, MappedMemoryOptions options, out MappedMemory? memory, out string reason)
    {
        memory = null;
        Errno errno = MappedFiles.TryMeasure(file, name, out MappedSource? source, out reason);
        if (errno != Errno.None)
        {
            file.Dispose();
            return errno;
        }

        return TryMap(source!, options, out memory, out reason);
    }

    /// <summary>Maps whatever it is; its file is closed on failure.</summary>
    private static Errno TryMap(MappedSource source, MappedMemoryOptions options, out MappedMemory? memory, out string reason)
    {
        memory = null;
        PageRegion? region = null;
        Errno errno = MappedRules.CheckRange(source, options, out nuint length, out ulong extendTo, out reason);
        errno = errno == Errno.None ? TryGiveBlocks(source, options.Offset, length, extendTo, options.Allocates, out reason) : errno;
        if (errno == Errno.None)
        {
            PageRequest request = RequestOf(source, options, length);
            errno = PageRegion.TryMap(request, out region);
            reason = errno == Errno.None ? "" : MappedReasons.Of(source.Name, options.Offset, length, errno, MappedReasons.Mapping(errno, options));
        }

        errno = errno == Errno.None ? TryPrepare(region!, source, options, length, out reason) : errno;
        if (errno != Errno.None)
        {
            region?.Dispose();
            source.File?.Dispose();
            return errno;
        }

        memory = new(source, options, region!, length);
        return Errno.None;
    }

    private static PageRequest RequestOf(MappedSource source, MappedMemoryOptions options, nuint length)
    {
        Protection protection = options.Access == MappedAccess.Read ? Protection.PROT_READ : Protection.PROT_READ | Protection.PROT_WRITE;
        bool isPrivate = source.Kind == MappedKind.Anonymous ? !options.IsShared : options.Access == MappedAccess.CopyOnWrite;
        MapFlags flags = (isPrivate ? MapFlags.MAP_PRIVATE : MapFlags.MAP_SHARED) | (options.NoReserve ? MapFlags.MAP_NORESERVE : default);
        flags |= (source.Kind, options.Pages) switch
        {
            (MappedKind.Anonymous, MappedPages.Huge2MiB) => MapFlags.MAP_HUGETLB | MapFlags.MAP_HUGE_2MB,
            (MappedKind.Anonymous, MappedPages.Huge1GiB) => MapFlags.MAP_HUGETLB | MapFlags.MAP_HUGE_1GB,
            _ => default,
        };
        return new((nuint)Alignment.Up(length, source.PageBytes), source.PageBytes, AlignmentOf(options, source.PageBytes), options.HasGuards ? source.PageBytes : 0, protection, flags, source.File, options.Offset);
    }

    private static nuint AlignmentOf(MappedMemoryOptions options, nuint pageBytes)
    {
        nuint wanted = options.Pages == MappedPages.Transparent ? nuint.Max(options.Alignment, MappedRules.PageOf(MappedPages.Huge2MiB)) : options.Alignment;
        return nuint.Max(wanted, pageBytes);
    }

    /// <summary>Makes a file as long as it has to be, and gives a range its blocks.</summary>
    private static Errno TryGiveBlocks(MappedSource source, ulong offset, nuint length, ulong extendTo, bool allocates, out string reason)
    {
        reason = "";
        if (extendTo != 0 && LibC.Ftruncate(source.File!, (long)extendTo) != 0)
        {
            return RefuseBlocks(LibC.LastError, "make it longer", out reason);
        }

        return allocates && LibC.Fallocate(source.File!, FallocateMode.FALLOC_FL_KEEP_SIZE, (long)offset, (long)length) != 0 ? RefuseBlocks(LibC.LastError, "give it blocks", out reason) : Errno.None;

        Errno RefuseBlocks(Errno errno, string what, out string reason)
        {
            string meaning = errno switch
            {
                Errno.EOPNOTSUPP or Errno.ENODEV => "its file system gives no blocks in advance",
                Errno.ENOSPC => "the disk is full",
                Errno.EPERM => "it is sealed, or may not be changed",
                Errno.EINVAL => "it was not opened for writing, or is no regular file",
                _ => MappingRules.Meaning(errno),
            };
            reason = MappedReasons.Of(source.Name, offset, length, errno, $"could not {what}: {meaning}");
            return errno;
        }
    }

    /// <summary>Does to new pages what was asked for beside.</summary>
    private static Errno TryPrepare(PageRegion region, MappedSource source, MappedMemoryOptions options, nuint length, out string reason)
    {
        reason = "";
        ReadOnlySpan<(bool IsWanted, Advice Advice)> advices =
        [
            (options.DontFork, Advice.MADV_DONTFORK),
            (options.DontDump, Advice.MADV_DONTDUMP),
            (options.Pages == MappedPages.Transparent, Advice.MADV_HUGEPAGE),
            (options.Populates, source.Kind == MappedKind.Anonymous && options.Access != MappedAccess.Read ? Advice.MADV_POPULATE_WRITE : Advice.MADV_POPULATE_READ),
        ];
        foreach ((bool isWanted, Advice advice) in advices)
        {
            bool isAboutPages = advice is not (Advice.MADV_DONTFORK or Advice.MADV_DONTDUMP);
            Errno errno = !isWanted ? Errno.None : isAboutPages ? ErrnoOf(LibC.Madvise(region.Address, region.Bytes, advice)) : region.Advise(advice);
            if (errno != Errno.None)
            {
                string meaning = isAboutPages && advice != Advice.MADV_HUGEPAGE ? $"its pages could not be brought in: {MappedReasons.Advising(errno)}" : $"{advice}: {MappedReasons.Advising(errno)}";
                reason = MappedReasons.Of(source.Name, options.Offset, length, errno, meaning);
                return errno;
            }
        }

        if (options.Locks && LibC.Mlock(region.Address, region.Bytes) != 0)
        {
            Errno errno = LibC.LastError;
            reason = MappedReasons.Of(source.Name, options.Offset, length, errno, MappedReasons.Locking(errno));
            return errno;
        }

        return Errno.None;
    }

    private static Errno ErrnoOf(int result) => result == 0 ? Errno.None : LibC.LastError;
}
