// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;

namespace Physr.Pci.Sources;

/// <summary>A directory that is read as if it were <c>/</c>: the live host's own, or a capture that somebody else made.</summary>
/// <remarks>A capture is not trusted. Links are resolved here, component by component, and one that is absolute or climbs above the root is
/// refused rather than followed; loops end after <see cref="LinkLimit"/> links; reads are bounded in bytes and in time.</remarks>
public sealed class CaptureRoot
{
    /// <summary>How many links one path may go through, the kernel's own limit (<c>MAXSYMLINKS</c>).</summary>
    public const int LinkLimit = 40;

    /// <summary>How long a file of no known size may take, so that a pipe in a capture cannot hold the reader for ever.</summary>
    private static readonly TimeSpan UnsizedReadLimit = TimeSpan.FromSeconds(2);

    private readonly string _root;

    /// <summary>Takes a directory; it need not exist.</summary>
    public CaptureRoot(string directory)
    {
        _root = Path.GetFullPath(directory);
        IsLive = string.Equals(_root, "/", StringComparison.Ordinal);
    }

    /// <summary>Whether this is the host's own root.</summary>
    public bool IsLive { get; }

    /// <summary>The directory.</summary>
    public string Directory => _root;

    /// <summary>Resolves a path below the root to one without links.</summary>
    /// <param name="path">Relative to the root: <c>sys/bus/pci/devices/0000:00:00.0</c>.</param>
    /// <param name="resolved">The path without links, relative to the root.</param>
    /// <param name="problem">Why there is none.</param>
    public bool TryResolve(string path, out string resolved, out string problem)
    {
        resolved = "";
        var pending = new Stack<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var done = new List<string>();
        int links = 0;
        while (pending.TryPop(out string? name))
        {
            if (name is ".")
            {
                continue;
            }

            if (name is "..")
            {
                if (done.Count == 0)
                {
                    problem = "the link leads out of the root";
                    return false;
                }

                done.RemoveAt(done.Count - 1);
                continue;
            }

            done.Add(name);
            if (LinkTarget(Join(done)) is not { } target)
            {
                continue;
            }

            if (target.StartsWith('/'))
            {
                problem = $"the link to {target} is absolute and leads out of the root";
                return false;
            }

            if (++links > LinkLimit)
            {
                problem = "the links form a loop";
                return false;
            }

            done.RemoveAt(done.Count - 1);
            foreach (string part in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                pending.Push(part);
            }
        }

        resolved = string.Join('/', done);
        problem = "";
        if (!Path.Exists(Join(done)))
        {
            problem = "it does not exist";
            return false;
        }

        return true;
    }

    /// <summary>The names in a directory, sorted; none where it is missing or may not be read.</summary>
    public IReadOnlyList<string> List(string path)
    {
        if (!TryResolve(path, out string resolved, out _) || !System.IO.Directory.Exists(Absolute(resolved)))
        {
            return [];
        }

        try
        {
            return [.. new DirectoryInfo(Absolute(resolved)).EnumerateFileSystemInfos().Select(static e => e.Name).Order(StringComparer.Ordinal)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The first directory on the way to <paramref name="path"/>, the root included, that may not be entered or listed; null where all may, as
    /// far as they are there.</summary>
    /// <param name="path">Relative to the root, without links in it.</param>
    public string? FindDenied(string path)
    {
        string at = _root;
        foreach (string name in path.Split('/').Prepend(""))
        {
            string above = at;
            at = Path.Join(at, name);
            try
            {
                _ = File.GetAttributes(at);
            }
            catch (UnauthorizedAccessException)
            {
                return above;
            }
            catch (IOException)
            {
                return null;
            }

            try
            {
                _ = System.IO.Directory.EnumerateFileSystemEntries(at).Any();
            }
            catch (UnauthorizedAccessException)
            {
                return at;
            }
            catch (IOException)
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>Whether <paramref name="path"/> (without links in it) is itself a directory, not a link to one.</summary>
    public bool IsDirectory(string path) => System.IO.Directory.Exists(Absolute(path)) && LinkTarget(Absolute(path)) is null;

    /// <summary>What the link at <paramref name="path"/> says, not followed; null where there is no link.</summary>
    public string? ReadLink(string path) => LinkTarget(Absolute(path));

    /// <summary>Reads the start of a file.</summary>
    /// <param name="path">Relative to the root.</param>
    /// <param name="limit">The most bytes to read.</param>
    /// <param name="bytes">What was read.</param>
    /// <param name="size">The file's size as the file system tells it, in bytes; 0 where it does not know, as in procfs.</param>
    /// <param name="problem">Why nothing could be read.</param>
    public bool TryRead(string path, int limit, out byte[] bytes, out long size, out string problem)
    {
        bytes = [];
        size = 0;
        if (!TryResolve(path, out string resolved, out problem))
        {
            return false;
        }

        string absolute = Absolute(resolved);
        if (System.IO.Directory.Exists(absolute))
        {
            problem = "it is a directory";
            return false;
        }

        try
        {
            size = new FileInfo(absolute).Length;
            if (size != 0 || IsLive)
            {
                bytes = ReadStart(absolute, limit);
                return true;
            }

            // A pipe has no size and never ends; so has a file of a live procfs mounted below the root.
            Task<byte[]> reading = Task.Run(() => ReadStart(absolute, limit));
            if (!reading.Wait(UnsizedReadLimit))
            {
                problem = "reading it did not end: it is no regular file";
                return false;
            }

            bytes = reading.Result;
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or AggregateException)
        {
            problem = (failure is AggregateException ? failure.InnerException ?? failure : failure) is UnauthorizedAccessException
                ? "permission denied"
                : "it could not be read";
            return false;
        }
    }

    /// <summary>Reads a small text file without the white space around it; null where it cannot be read.</summary>
    public string? ReadText(string path, int limit = 4096) =>
        TryRead(path, limit, out byte[] bytes, out _, out _) ? Encoding.UTF8.GetString(bytes).Trim() : null;

    private static byte[] ReadStart(string absolute, int limit)
    {
        using var stream = new FileStream(absolute, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        var buffer = new byte[limit];
        int length = stream.ReadAtLeast(buffer, limit, throwOnEndOfStream: false);
        return buffer[..length];
    }

    private static string? LinkTarget(string absolute)
    {
        try
        {
            return new FileInfo(absolute).LinkTarget;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string Join(List<string> parts) => Absolute(string.Join('/', parts));

    private string Absolute(string path) => Path.Join(_root, path);
}
