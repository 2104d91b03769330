// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Formats.Tar;

namespace Physr.Cli;

/// <summary>Where a capture goes: an ordinary file, there or not.</summary>
/// <param name="Path">The place, links resolved.</param>
internal sealed record CaptureCommandTarget(string Path)
{
    /// <summary>The directory of the place.</summary>
    internal string Directory => System.IO.Path.GetDirectoryName(Path) ?? "/";

    /// <summary>Finds the place.</summary>
    /// <param name="file">What the user named.</param>
    /// <param name="replaces">Whether a file there may be replaced.</param>
    /// <param name="target">The place.</param>
    /// <param name="problem">Why a capture cannot be put there; empty for nothing.</param>
    internal static bool TryFind(string file, bool replaces, out CaptureCommandTarget target, out string problem)
    {
        string path = System.IO.Path.GetFullPath(file);
        target = new(path);
        try
        {
            bool isLink = new FileInfo(path).LinkTarget is not null;
            target = isLink ? new(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path) : target;
            problem = target.Refuse(file, replaces);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            problem = target.Describe(file, failure, "");
        }

        return problem.Length == 0;
    }

    /// <summary>A failure to write, in the user's words: about the file that was named, not about the temporary one beside it.</summary>
    internal string Describe(string file, Exception failure, string temporary) => failure is UnauthorizedAccessException
        ? $"'{file}' could not be written: permission denied in '{Directory}'"
        : $"'{file}' could not be written: {(temporary.Length == 0 ? failure.Message : failure.Message.Replace(temporary, Path, StringComparison.Ordinal))}";

    private string Refuse(string file, bool replaces)
    {
        if (System.IO.Directory.Exists(Path))
        {
            return $"'{file}' is a directory; name a file";
        }

        if (!System.IO.Directory.Exists(Directory))
        {
            return $"there is no directory '{Directory}'";
        }

        if (!System.IO.Path.Exists(Path))
        {
            return "";
        }

        // Renaming onto a device or a pipe would replace it.
        return !IsOrdinary(Path) ? $"'{file}' is no ordinary file; name one"
            : replaces ? ""
            : $"'{file}' is already there; --force replaces a file";
    }

    /// <summary>Tells an ordinary file from a device, a pipe or a socket without opening these, which can block or have effects. All of them have length 0,
    /// and a tar header of a file that is empty says what it is.</summary>
    private static bool IsOrdinary(string path)
    {
        if (new FileInfo(path).Length != 0)
        {
            return true;
        }

        using var bytes = new MemoryStream();
        try
        {
            using var writer = new TarWriter(bytes, TarEntryFormat.Pax, leaveOpen: true);
            writer.WriteEntry(path, "target");
        }
        catch (IOException)
        {
            // A socket, which tar does not know.
            return false;
        }

        bytes.Position = 0;
        using var reader = new TarReader(bytes);
        return reader.GetNextEntry()?.EntryType == TarEntryType.RegularFile;
    }
}
