// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Mapped;

/// <summary>What is behind mapped pages.</summary>
internal enum MappedKind
{
    /// <summary>A file or a device.</summary>
    File = 0,

    /// <summary>A file without a name, in memory.</summary>
    InMemory,

    /// <summary>Nothing.</summary>
    Anonymous,
}
