// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux;

/// <summary>What makes stores to a mapped file durable.</summary>
public enum SyncKind
{
    /// <summary>The page cache stands between: pages are written back by <c>msync</c>.</summary>
    Msync = 0,

    /// <summary>The pages are the medium (<c>MAP_SYNC</c> on a DAX file), so that CPU caches alone stand between. The file's metadata is durable before a page may be stored to.</summary>
    MapSync,
}
