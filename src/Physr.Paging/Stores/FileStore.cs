// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Files;
using Physr.Linux.Rings;

namespace Physr.Paging.Stores;

/// <summary>Pages in a regular file or on a block device, past the page cache, at the same offsets as in the region. The client opened and locked it.</summary>
/// <remarks>A file that somebody cuts underneath is <see cref="Errno.EIO"/> for the pages that are gone, and for every write from then on: one behind the end would make the file long again, with zeros where pages
/// were. Lanes are rings (<see cref="IoRing"/>); where the system has none, threads.</remarks>
/// <param name="file">The file; the store's from here on.</param>
internal sealed class FileStore(PageFile file) : PageStore(file.Length), IStoreCalls
{
    private readonly Lock _lock = new();
    private StoreWorkers? _workers;

    /// <inheritdoc/>
    public override string Name => $"file {File.Name}";

    /// <inheritdoc/>
    public override bool IsBlocking => true;

    /// <inheritdoc/>
    public override bool IsDurable => true;

    /// <inheritdoc/>
    public override int RunPages => 64;

    /// <summary>The file.</summary>
    public PageFile File { get; } = file;

    /// <summary>Whether lanes are threads, as where io_uring is refused.</summary>
    internal bool UsesThreads { get; set; }

    /// <inheritdoc/>
    public override Errno Read(ulong offset, nint destination, nuint length) =>
        Covers(offset, length) ? Told(StoreCall.Read, offset, length, File.Read(destination, length, offset)) : OutOfRange(offset, length);

    /// <inheritdoc/>
    public override Errno Write(ulong offset, nint source, nuint length) =>
        Covers(offset, length) ? Told(StoreCall.Write, offset, length, File.Write(source, length, offset)) : OutOfRange(offset, length);

    /// <inheritdoc/>
    public override Errno Flush() => Told(StoreCall.Flush, 0, 0, File.Flush());

    /// <inheritdoc/>
    public override Errno TryCreateLane(int depth, out IStoreLane? lane, out string reason)
    {
        IoRing? ring = null;
        Errno errno = UsesThreads ? Errno.ENOSYS : IoRing.TryCreate((uint)depth, out ring, out reason);
        if (ring is not null)
        {
            (lane, reason) = (new RingLane(this, ring, depth), "");
            return Errno.None;
        }

        if (errno is not (Errno.EPERM or Errno.EACCES or Errno.ENOSYS or Errno.EOPNOTSUPP or Errno.ENOMEM))
        {
            (lane, reason) = (null, $"{Name}: no ring ({errno})");
            return errno;
        }

        lock (_lock)
        {
            _workers ??= new(this, Name, StoreSpec.UsualTimeLimitMs);
            return _workers.TryCreateLane(depth, RunPages, out lane, out reason);
        }
    }

    /// <summary>Whether a call's range is one.</summary>
    public bool Has(ulong offset, nuint length) => Covers(offset, length) && length <= (nuint)(RunPages * PageBytes);

    /// <summary>Notes how a call ended.</summary>
    public Errno Told(StoreCall call, ulong offset, nuint length, Errno errno)
    {
        if (errno == Errno.None)
        {
            return errno;
        }

        bool isCut = errno == Errno.EIO && File.CheckLength() == Errno.EIO;
        string what = call == StoreCall.Flush ? "what was written" : $"{length} bytes at {offset}";
        string verb = call == StoreCall.Read ? "read" : call == StoreCall.Write ? "written" : "made durable";
        return Failed(errno, $"{what} could not be {verb}{(isCut ? $": the file is shorter than the {Length} bytes that it had" : "")}");
    }

    /// <inheritdoc/>
    Errno IStoreCalls.Call(StoreCall call, ulong offset, nint memory, nuint length, out string reason)
    {
        Errno errno = call == StoreCall.Read ? Read(offset, memory, length) : call == StoreCall.Write ? Write(offset, memory, length) : Flush();
        reason = errno == Errno.None ? "" : LastReason;
        return errno;
    }

    /// <inheritdoc/>
    void IStoreCalls.Failed(Errno errno, string reason) => Failed(errno, reason);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _workers?.Dispose();
            File.Dispose();
        }
    }
}
