// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

public sealed partial class FileStore
{
    /// <summary>How many pages from one on lie behind each other and are alike: shared, or not; 0 for a hole.</summary>
    internal ulong FindRun(FileNode node, ulong page, ulong most, out ulong deviceOffset, out bool isShared)
    {
        lock (_lock)
        {
            bool isThere = node.Extents.TryFind(page, out Extent rest);
            deviceOffset = isThere ? rest.Block * BlockBytes : 0;
            isShared = isThere && _state.Blocks.IsShared(rest.Block);
            ulong run = isThere ? Math.Min(rest.Count, most) : 0;
            return run == 0 || _state.Blocks.Shared == 0 ? run : _state.Blocks.RunOfSharing(rest.Block, run);
        }
    }
}
