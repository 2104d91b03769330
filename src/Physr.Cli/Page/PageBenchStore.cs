// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Scenarios;
using Physr.Paging.Stores;

namespace Physr.Cli.Page;

/// <summary>Where the pages of a bench live. A file that was not there is made for it, and removed when it ends.</summary>
internal sealed class PageBenchStore : IDisposable
{
    /// <summary>What can be asked for.</summary>
    public const string Known = "memory, file:PATH, lz4, zstd";

    private const string FilePrefix = "file:";
    private const int UsualLevel = 3;

    private readonly string? _made;
    private bool _isTaken;

    private PageBenchStore(RegionStore store, bool isBlank, string? made) => (Store, IsBlank, _made) = (store, isBlank, made);

    /// <summary>The store.</summary>
    public RegionStore Store { get; }

    /// <summary>Whether it holds zeros; a file that was there holds anything.</summary>
    public bool IsBlank { get; }

    /// <summary>Whether a text names one.</summary>
    public static bool IsKnown(string text) => text is "memory" or "lz4" or "zstd" || PathOf(text) is { Length: > 0 };

    /// <summary>Opens the one that was asked for.</summary>
    /// <param name="options">What was asked.</param>
    /// <param name="store">The store; null on failure.</param>
    /// <param name="problem">What is wrong and what would be right.</param>
    public static bool TryOpen(PageBenchOptions options, out PageBenchStore? store, out string problem)
    {
        if (PathOf(options.Store) is { } path)
        {
            return TryOpenFile(path, options, out store, out problem);
        }

        RegionStore? opened;
        Errno errno = options.Store switch
        {
            "lz4" => RegionStore.TryLz4(options.Size, out opened, out problem),
            "zstd" => RegionStore.TryZstd(options.Size, UsualLevel, out opened, out problem),
            _ => RegionStore.TryMemory(options.Size, out opened, out problem),
        };
        store = errno == Errno.None ? new(opened!, isBlank: true, made: null) : null;
        problem = errno == Errno.None ? "" : $"--store {options.Store}: {problem}";
        return store is not null;
    }

    /// <summary>Notes that a region has taken the store over.</summary>
    public void Taken() => _isTaken = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isTaken)
        {
            Store.Dispose();
        }

        // What has the name now may be somebody else's.
        if (_made is not null && Store.TryCheckPath(out _) == Errno.None)
        {
            File.Delete(_made);
        }
    }

    private static string? PathOf(string text) => text.StartsWith(FilePrefix, StringComparison.Ordinal) ? text[FilePrefix.Length..] : null;

    private static bool TryOpenFile(string path, PageBenchOptions options, out PageBenchStore? store, out string problem)
    {
        store = null;
        bool isThere = Path.Exists(path);
        if (isThere && !options.Overwrites && !Directory.Exists(path))
        {
            problem = $"--store file:{path} is there already: name a file that is not, or give --overwrite and lose what it has";
            return false;
        }

        if (!isThere && !TryMake(path, options.Size, out problem))
        {
            return false;
        }

        Errno errno = RegionStore.TryFile(path, options.Size, create: false, allowBuffered: false, out RegionStore? opened, out problem);
        problem = errno == Errno.None ? "" : $"--store {problem}";
        if (errno == Errno.None)
        {
            store = new(opened!, isBlank: !isThere, isThere ? null : path);
        }
        else if (!isThere)
        {
            File.Delete(path);
        }

        return store is not null;
    }

    /// <summary>Makes a file with all its blocks, where there is none: never one that another program made meanwhile.</summary>
    private static bool TryMake(string path, ulong size, out string problem)
    {
        problem = "";
        try
        {
            FileStreamOptions options = new()
            {
                Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, PreallocationSize = (long)size,
            };
            if (OperatingSystem.IsLinux())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using FileStream file = new(path, options);
            file.SetLength((long)size);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            problem = $"--store file:{path} cannot be made with {SizeText.Format(size)}: {failure.Message}";
            return false;
        }
    }
}
