// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>What a debugger keeps for a device.</summary>
internal sealed class DmaDebugDevice(DmaDevice device)
{
    public DmaDevice Device { get; } = device;

    public string? Driver { get; set; }

    /// <summary>The root of the tree of its mappings; 0 for none.</summary>
    public int Root { get; set; }
}
