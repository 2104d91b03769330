// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>What is behind an area that is not anonymous.</summary>
public enum MemoryFileKind
{
    /// <summary>Shared memory: pages that live nowhere else (<c>shmem</c>: memfd, tmpfs, shared anonymous memory).</summary>
    SharedMemory = 0,

    /// <summary>A file whose bytes live in a store and are cached in RAM.</summary>
    Stored,

    /// <summary>A file whose bytes are memory already, and are mapped where they are.</summary>
    Dax,

    /// <summary>Memory of a device, with or without page descriptors.</summary>
    Device,
}
