// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

/// <summary>What one entry of the metadata says. The numbers are those on the device.</summary>
internal enum EntryKind
{
    /// <summary>A new file: number, name.</summary>
    Create = 1,

    /// <summary>A file goes: number.</summary>
    Unlink,

    /// <summary>A file gets another name: number, name.</summary>
    Rename,

    /// <summary>Pages get free blocks; what they had before goes: number, page, block.</summary>
    Map,

    /// <summary>Pages become a hole: number, page, count.</summary>
    Unmap,

    /// <summary>A file gets a length; pages behind it go: number, bytes.</summary>
    SetLength,

    /// <summary>A new file that shares the blocks of another: number of the other, number, name.</summary>
    Clone,

    /// <summary>Blocks have several owners: block, owners. In checkpoints, behind the files.</summary>
    Shared,
}
