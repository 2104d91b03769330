// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;

namespace Physr.Paging.Stores;

/// <summary>Pages in memory, compressed: blobs in one file, and for each page 8 bytes in another that tell where its blob is (<see cref="BlobEntry"/>). The client made both files and keeps them, so that they
/// outlive the pager.</summary>
/// <remarks><para>Killed at any instruction it leaves every page with its old bytes or its new ones: a blob is written where none is, then the entry changes in one store instruction, then the old blob's place is
/// free. What is free is this process's knowledge alone; the next process makes it anew from the index.</para>
/// <para>Both files can be written by the client. Each blob is copied before it is looked at, each entry used once and only within bounds, and a checksum covers both: falsified ones are
/// <see cref="Errno.EIO"/> for that page.</para>
/// <para>Reads take no lock of the store: a read that a write of the same page overtakes finds a checksum that is wrong and an entry that has changed, and reads again.</para></remarks>
internal sealed partial class CompressedStore : PageStore
{
    private const int MostLanes = 16;
    private const int MostCompressed = 60;
    private const int LengthBytes = 2;
    private const int MostTries = 8;

    private readonly MemoryFile _blobs;
    private readonly MemoryFile _indexFile;
    private readonly Mapping _index;
    private readonly BlobSpace _space;
    private readonly CompressorLane[] _lanes;
    private readonly string _name;

    private CompressedStore(MemoryFile blobs, MemoryFile indexFile, Mapping index, BlobSpace space, CompressorLane[] lanes, ulong length)
        : base(length)
    {
        (_blobs, _indexFile, _index, _space, _lanes) = (blobs, indexFile, index, space, lanes);
        _name = $"{lanes[0].Compressor.Name} store";
    }

    /// <inheritdoc/>
    public override string Name => _name;

    /// <inheritdoc/>
    public override int RunPages => 16;

    /// <summary>Bytes that blobs take now; the index takes 8 for each page that was ever written, and its neighbours.</summary>
    public long UsedBytes => _space.UsedBytes;

    /// <summary>Pages that were found damaged when the store was taken over, and are <see cref="Errno.EIO"/> until they are written.</summary>
    public ulong LostPages { get; private set; }

    /// <summary>Called after each step of a write, for tests to look at the files there.</summary>
    internal Action<CompressedStep>? AfterStep { get; set; }

    /// <inheritdoc/>
    public override Errno Flush() => Errno.None;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!disposing)
        {
            return;
        }

        foreach (CompressorLane lane in _lanes)
        {
            lane.Dispose();
        }

        _space.Dispose();
        _index.Dispose();
        _indexFile.Dispose();
        _blobs.Dispose();
    }

    // Threads that serve faults are few and stay: mostly each has a lane of its own.
    private CompressorLane Lane => _lanes[Environment.CurrentManagedThreadId % _lanes.Length];

    // SAFETY: the page is within the store (Covers), and the index has 8 bytes for each until Dispose; it cannot be made shorter (MemoryFile).
    private unsafe ref ulong EntryOf(ulong page) => ref ((ulong*)_index.Address)[page];
}
