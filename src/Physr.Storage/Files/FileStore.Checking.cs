// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

public sealed partial class FileStore
{
    /// <summary>Reads all metadata again and compares it with what is in memory and with itself (<c>fsck -n</c>). Repairs nothing.</summary>
    /// <param name="readsData">Whether to read the files too, to find lost bytes.</param>
    /// <returns>What is wrong, a line each; empty when all is well.</returns>
    public IReadOnlyList<string> Check(bool readsData = false)
    {
        lock (_lock)
        {
            List<string> problems = [];
            if (Failure is not null)
            {
                problems.Add($"the store refuses changes: {Failure}");
            }

            if (ReadSuperblocks(_device, out Superblock superblock, out string reason, problems) != Errno.None || superblock != _superblock)
            {
                problems.Add($"the superblock is not what it was when the store was mounted: {reason}");
                return problems;
            }

            Errno errno = MetadataLog.TryLoad(_device, superblock, out MetadataState? read, out MetadataLog? log, out reason);
            if (errno != Errno.None)
            {
                problems.Add(reason);
            }
            else if (Failure is null)
            {
                Compare(read!, log!, problems);
            }

            CheckBlocks(problems);
            foreach (FileNode file in readsData ? _state.Names.Values.ToArray() : [])
            {
                CheckData(file, problems);
            }

            return problems;
        }
    }

    private void Compare(MetadataState read, MetadataLog log, List<string> problems)
    {
        if (log.Tail != _log.Tail)
        {
            problems.Add($"the metadata on the device ends at byte {log.Tail}, and {_log.Tail} is known");
        }

        if (read.Names.Count != _state.Names.Count || read.NextId != _state.NextId)
        {
            problems.Add($"the device has {read.Names.Count} files and {read.NextId} for the next number, and {_state.Names.Count} and {_state.NextId} are known");
        }

        foreach (FileNode file in _state.Names.Values)
        {
            if (!read.Names.TryGetValue(file.Name, out FileNode? other) || other.Id != file.Id || other.Length != file.Length || !other.Extents.All.SequenceEqual(file.Extents.All))
            {
                problems.Add($"file {file.Id} '{file.Name}' on the device is not what is known");
            }
        }
    }

    private void CheckBlocks(List<string> problems)
    {
        int[] owners = new int[_state.Blocks.Owners.Length];
        owners.AsSpan(0, (int)_superblock.FirstDataBlock).Fill(-1);
        foreach (FileNode file in _state.Names.Values)
        {
            ulong end = 0;
            foreach (Extent extent in file.Extents.All)
            {
                if (extent.Count == 0 || extent.Page < end || extent.End > file.Pages || !_state.Blocks.Contains(extent.Block, extent.Count))
                {
                    problems.Add($"file {file.Id} '{file.Name}' of {file.Pages} pages: {extent} is out of place");
                    continue;
                }

                end = extent.End;
                foreach (ref int owner in owners.AsSpan((int)extent.Block, (int)extent.Count))
                {
                    owner++;
                }
            }
        }

        int wrong = owners.AsSpan().CommonPrefixLength(_state.Blocks.Owners);
        if (wrong != owners.Length)
        {
            problems.Add($"block {wrong} is in {owners[wrong]} extents, and {_state.Blocks.Owners[wrong]} are known");
        }

        if (owners.AsSpan().Count(0) != _state.Blocks.Free)
        {
            problems.Add($"{owners.AsSpan().Count(0)} blocks are free, and {_state.Blocks.Free} are known");
        }
    }

    private void CheckData(FileNode file, List<string> problems)
    {
        byte[] block = new byte[BlockBytes];
        foreach (Extent extent in file.Extents.All)
        {
            for (ulong i = 0; i < extent.Count; i++)
            {
                Errno errno = _device.TryRead((extent.Block + i) * BlockBytes, block);
                if (errno != Errno.None)
                {
                    problems.Add($"file {file.Id} '{file.Name}': page {extent.Page + i} in block {extent.Block + i} cannot be read: {errno}");
                }
            }
        }
    }
}
