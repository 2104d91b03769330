// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Memory;

namespace Physr.Linux.Mapped;

/// <content>Memory that no disk is behind.</content>
public sealed partial class MappedMemory
{
    /// <summary>Makes a file that has no name and lies in memory alone (<c>memfd</c>), and maps it: gone with the last who has it. Pass <see cref="File"/> to another process, and both have the same bytes.
    /// Nobody can cut it (<c>F_SEAL_SHRINK</c>); it grows by <see cref="TryResize"/>, unless it is of huge pages.</summary>
    /// <param name="name">A name for <c>/proc</c>, of up to 249 bytes.</param>
    /// <param name="options">How; <see cref="MappedMemoryOptions.Length"/> is not 0.</param>
    /// <param name="memory">The mapping; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for such a name or options that do not go together; <see cref="Errno.ENOMEM"/> or <see cref="Errno.ENOSPC"/> where memory or huge pages are short; others as
    /// <c>mmap</c> has them.</returns>
    public static Errno TryCreateInMemory(string name, MappedMemoryOptions options, out MappedMemory? memory, out string reason)
    {
        ArgumentNullException.ThrowIfNull(options);
        memory = null;
        Errno errno = MappingRules.CheckPath(name, out reason);
        errno = errno == Errno.None ? MappedRules.Check(MappedKind.InMemory, name, options, out reason) : errno;
        if (errno != Errno.None)
        {
            return errno;
        }

        nuint pageBytes = MappedRules.PageOf(options.Pages);
        if (options.Length > (nuint)nint.MaxValue - pageBytes)
        {
            reason = $"{name}: {options.Length} bytes are more than any file can have";
            return Errno.EFBIG;
        }

        errno = TryMake(name, Alignment.Up(options.Length, pageBytes), options.Pages, out MemoryFile? made, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        using (made)
        {
            errno = TryDuplicate(made!.Handle, name, out SafeFileHandle? file, out reason);
            return errno != Errno.None ? errno : TryMap(new(MappedKind.InMemory, name, file, pageBytes, made.Length), options, out memory, out reason);
        }
    }

    /// <summary>Maps memory that is no file: zeros.</summary>
    /// <param name="options">How; <see cref="MappedMemoryOptions.Length"/> is not 0.</param>
    /// <param name="memory">The mapping; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for options that do not go together; <see cref="Errno.ENOMEM"/> where memory, addresses or huge pages are short; others as <c>mmap</c> has them.</returns>
    public static Errno TryAllocate(MappedMemoryOptions options, out MappedMemory? memory, out string reason)
    {
        ArgumentNullException.ThrowIfNull(options);
        memory = null;
        string name = options.IsShared ? "shared anonymous memory" : "anonymous memory";
        Errno errno = MappedRules.Check(MappedKind.Anonymous, name, options, out reason);
        return errno != Errno.None ? errno : TryMap(new(MappedKind.Anonymous, name, null, MappedRules.PageOf(options.Pages), null), options, out memory, out reason);
    }

    private static Errno TryMake(string name, ulong length, MappedPages pages, out MemoryFile? file, out string reason)
    {
        if (pages is MappedPages.Huge2MiB or MappedPages.Huge1GiB)
        {
            return MemoryFile.TryCreateHuge(name, length, pages == MappedPages.Huge2MiB ? HugePageSize.TwoMebibytes : HugePageSize.OneGibibyte, out file, out reason);
        }

        Errno errno = MemoryFile.TryCreateGrowable(name, out file, out reason);
        errno = errno == Errno.None ? file!.TryGrow(length) : errno;
        if (errno != Errno.None)
        {
            file?.Dispose();
            return MappedFiles.Refuse(errno, name, ref reason);
        }

        return Errno.None;
    }
}
