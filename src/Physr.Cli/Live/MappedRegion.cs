// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Linux;
using Physr.Storage;

namespace Physr.Cli.Live;

/// <summary>Persistent memory that is a file of the real kernel: what is stored outlives this process, however it ends, and what was flushed and fenced outlives the power too.</summary>
/// <remarks>A flush is noted, a fence does the <c>msync</c>s: one for each run of pages that were flushed, at most <see cref="PendingPages.Most"/>. A fence that failed is never followed by one that
/// succeeds (<see cref="FileMapping.Failure"/>). Bytes are durable by pages also with <c>MAP_SYNC</c>, as .NET cannot write single cache lines back.</remarks>
public sealed class MappedRegion : PersistentMemory
{
    private readonly FileMapping _mapping;
    private readonly PendingPages _pending = new(FileMapping.PageBytes);
    private readonly Lock _noting = new();
    private readonly Lock _fencing = new();

    /// <summary>Takes a mapping over: it goes with the region.</summary>
    public MappedRegion(FileMapping mapping)
        : base((mapping ?? throw new ArgumentNullException(nameof(mapping))).Path, mapping.Length, PersistenceGranularity.Page) => _mapping = mapping;

    /// <inheritdoc/>
    public override bool IsReadOnly => _mapping.IsReadOnly;

    /// <inheritdoc/>
    public override string Durability => Sync == SyncKind.MapSync ? "mapSync" : "msync";

    /// <summary>What makes stores durable: for reports.</summary>
    public SyncKind Sync => _mapping.Sync;

    /// <summary>What the file lies on: for reports.</summary>
    public FileSystemKind FileSystem => _mapping.FileSystem;

    /// <summary>Opens a region's file, or makes it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="length">Bytes it has or gets; 0 takes what a file has that is there.</param>
    /// <param name="access">Whether it is made, and whether there will be stores.</param>
    /// <param name="region">The region; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns>As <see cref="FileMapping.TryOpen(string, ulong, bool, out FileMapping?, out string)"/> and <see cref="FileMapping.TryCreate(string, ulong, out FileMapping?, out string)"/>.</returns>
    public static Errno TryOpen(string path, ulong length, RegionAccess access, out MappedRegion? region, out string reason)
    {
        Errno errno = access == RegionAccess.Create
            ? FileMapping.TryCreate(path, length, out FileMapping? mapping, out reason)
            : FileMapping.TryOpen(path, length, access == RegionAccess.Read, out mapping, out reason);
        region = mapping is null ? null : new(mapping);
        return errno;
    }

    /// <inheritdoc/>
    public override Errno TryFence()
    {
        // Whoever finds its ranges taken waits until they are written.
        lock (_fencing)
        {
            Span<(ulong Start, ulong End)> ranges = stackalloc (ulong Start, ulong End)[PendingPages.Most];
            lock (_noting)
            {
                ranges = ranges[.._pending.Ranges.Length];
                _pending.Ranges.CopyTo(ranges);
                _pending.Clear();
            }

            foreach ((ulong start, ulong end) in ranges)
            {
                Errno errno = _mapping.TryPersist(start, end - start);
                if (errno != Errno.None)
                {
                    return errno;
                }
            }

            return _mapping.Failure;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> ReadableAt(ulong offset, ulong length) => _mapping.ReadableAt(offset, length);

    /// <inheritdoc/>
    public override Span<byte> WritableAt(ulong offset, ulong length) => _mapping.WritableAt(offset, length);

    /// <inheritdoc/>
    protected override void WriteCore(ulong offset, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            // The mapping is whole pages, so that the units around the bytes are there.
            int skipped = (int)(offset % AtomicBytes);
            ulong first = offset - (ulong)skipped;
            Span<byte> window = _mapping.WritableAt(first, Alignment.Up((ulong)(skipped + (long)source.Length), AtomicBytes));
            int count = Math.Min(source.Length, window.Length - skipped);
            AscendingStores.Copy(source[..count], MemoryMarshal.Cast<byte, ulong>(window), skipped);
            source = source[count..];
            offset += (ulong)count;
        }
    }

    /// <inheritdoc/>
    protected override Errno FlushCore(ulong offset, ulong length)
    {
        lock (_noting)
        {
            _pending.Add(offset, length);
        }

        return _mapping.Failure;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _mapping.Dispose();
        base.Dispose(disposing);
    }
}
