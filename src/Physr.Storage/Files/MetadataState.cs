// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

/// <summary>All metadata of a store in memory: files, their extents, and who owns each block. Changed by entries only, at mount and afterwards alike.</summary>
internal sealed partial class MetadataState
{
    /// <summary>The longest file, in bytes.</summary>
    public const ulong MostLength = 1UL << 50;

    /// <summary>The number that no file has any more.</summary>
    public const ulong MostId = 1UL << 62;

    private readonly List<Extent> _gone = [];
    private readonly ulong _mostBytes;
    private int _extents;
    private ulong _fileBytes;

    public MetadataState(Superblock superblock)
    {
        Blocks = new((int)superblock.Blocks, (int)superblock.FirstDataBlock);
        _mostBytes = MetadataLog.MostCheckpointBytes(superblock);
    }

    public Dictionary<ulong, FileNode> Files { get; } = [];

    public SortedDictionary<string, FileNode> Names { get; } = new(StringComparer.Ordinal);

    public BlockMap Blocks { get; }

    /// <summary>The number that the next new file gets.</summary>
    public ulong NextId { get; set; } = 1;

    /// <summary>Whether a checkpoint would still fit with more in it.</summary>
    /// <param name="extents">More extents, at most.</param>
    /// <param name="fileBytes">Bytes for more files and names.</param>
    /// <param name="isSharing">Whether blocks will be shared that are not now.</param>
    public bool HasRoom(ulong extents, ulong fileBytes = 0, bool isSharing = false)
    {
        // Between two runs of equally shared blocks some extent begins or ends: there are fewer than two runs to an extent.
        ulong each = EntryWriter.MapBytes + (isSharing || Blocks.Shared != 0 ? 2UL * EntryWriter.SharedBytes : 0);
        return _fileBytes + fileBytes + (((ulong)_extents + extents) * each) <= _mostBytes;
    }

    /// <summary>Writes everything as entries: a checkpoint.</summary>
    public void Save(EntryWriter writer)
    {
        foreach (FileNode file in Names.Values)
        {
            writer.Create(file.Id, file.Name);
            writer.SetLength(file.Id, file.Length);
            foreach (Extent extent in file.Extents.All)
            {
                writer.Map(file.Id, extent);
            }
        }

        ReadOnlySpan<int> owners = Blocks.Owners;
        for (int at = 0; Blocks.Shared != 0 && at < owners.Length;)
        {
            int run = owners[at..].IndexOfAnyExcept(owners[at]);
            run = run < 0 ? owners.Length - at : run;
            if (owners[at] > 1)
            {
                writer.Shared((ulong)at, (uint)run, owners[at]);
            }

            at += run;
        }
    }
}
