// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <summary>What a namespace is used as.</summary>
public enum NamespaceMode
{
    /// <summary>Bytes without page descriptors: hidden behind a driver, reached by range lists only.</summary>
    Raw = 0,

    /// <summary>A block device whose file system maps its bytes into processes (<c>fsdax</c>).</summary>
    FsDax,

    /// <summary>Bytes that processes map by large pages, without a file system (<c>devdax</c>).</summary>
    DevDax,

    /// <summary>A block device whose sectors are never torn (<c>sector</c>, a block translation table).</summary>
    Sector,
}
