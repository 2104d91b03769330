// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme;

/// <summary>What a command in work does once its pointers are known.</summary>
internal enum CommandKind
{
    /// <summary>Media to host.</summary>
    Read,

    /// <summary>Host to media.</summary>
    Write,

    /// <summary>Host against media.</summary>
    Compare,

    /// <summary>Zeros to media.</summary>
    WriteZeroes,

    /// <summary>Media to nowhere.</summary>
    Verify,

    /// <summary>Ranges from the host, then deallocation.</summary>
    Deallocate,

    /// <summary>An Identify data structure to the host.</summary>
    Identify,

    /// <summary>A log page to the host.</summary>
    LogPage,
}
