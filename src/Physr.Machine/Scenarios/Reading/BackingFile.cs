// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Formats.Tar;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Physr.Machine.Scenarios.Reading;

/// <summary>
/// What stands at a path that should back a namespace. Nothing but an ordinary file is ever opened: a pipe would wait for its
/// other end, and a device may act on being opened.
/// </summary>
internal static class BackingFile
{
    /// <summary>Whether a path leads to anything at all.</summary>
    /// <exception cref="IOException">Its links run in a circle.</exception>
    public static bool Exists(string path)
    {
        if (!Path.Exists(path))
        {
            return false;
        }

        // A link exists, though it may lead nowhere.
        FileInfo file = Resolve(path);
        return file.Exists || Directory.Exists(path) || IsNameless(file, path);
    }

    /// <summary>What stands there if it is no ordinary file, like <c>a directory</c>; null for an ordinary file.</summary>
    /// <param name="path">Something that exists.</param>
    public static string? DescribeOther(string path)
    {
        if (Directory.Exists(path))
        {
            return "a directory";
        }

        // Only ordinary files have a length; most are told from the rest by it.
        FileInfo file = Resolve(path);
        if (IsNameless(file, path))
        {
            return "something without a name";
        }

        return file.Length > 0 ? null : TypeOf(file.FullName) switch
        {
            TarEntryType.Fifo => "a pipe",
            TarEntryType.CharacterDevice or TarEntryType.BlockDevice => "a device",
            TarEntryType.RegularFile => null,
            _ => "a socket",
        };
    }

    /// <summary>Bytes of an ordinary file.</summary>
    public static ulong Length(string path) => (ulong)Resolve(path).Length;

    /// <summary>The number that all names of a readable file share, and a few files of other file systems too; 0 where the system does not tell.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static ulong InodeNumber(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, share: FileShare.ReadWrite);
        string description = $"/proc/self/fdinfo/{file.DangerousGetHandle()}";
        string? line = File.Exists(description)
            ? File.ReadLines(description).FirstOrDefault(static line => line.StartsWith("ino:", StringComparison.Ordinal))
            : null;
        return ulong.TryParse(line?["ino:".Length..].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : 0;
    }

    /// <summary>Whether two names of equal <see cref="InodeNumber"/> are one file: a lock held under one is then in the way under the other.</summary>
    public static bool AreOne(string path, string other)
    {
        if (!TryLock(path, out SafeFileHandle? first))
        {
            return true; // in use elsewhere, so that a lock tells nothing; the number must do
        }

        using (first)
        {
            bool areTwo = TryLock(other, out SafeFileHandle? second);
            second?.Dispose();
            return !areTwo;
        }
    }

    // The link of an open pipe or socket, as /dev/stdin may be one.
    private static bool IsNameless(FileInfo file, string path) =>
        !file.Exists && file.FullName != path && file.FullName.StartsWith("/proc/", StringComparison.Ordinal);

    private static FileInfo Resolve(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true) as FileInfo ?? new FileInfo(path);

    // An archive's entry tells the type of what is archived, and only ordinary files are opened for it.
    private static TarEntryType? TypeOf(string path)
    {
        using MemoryStream archive = new();
        try
        {
            using (TarWriter writer = new(archive, TarEntryFormat.Pax, leaveOpen: true))
            {
                writer.WriteEntry(path, "x");
            }
        }
        catch (UnauthorizedAccessException)
        {
            return TarEntryType.RegularFile;
        }
        catch (IOException)
        {
            return null; // of a type that archives do not hold
        }

        archive.Position = 0;
        using TarReader reader = new(archive);
        return reader.GetNextEntry()?.EntryType;
    }

    private static bool TryLock(string path, out SafeFileHandle? file)
    {
        try
        {
            file = File.OpenHandle(path, share: FileShare.None);
            return true;
        }
        catch (IOException)
        {
            file = null;
            return false;
        }
    }
}
