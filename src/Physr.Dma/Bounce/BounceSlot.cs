// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Bounce;

/// <summary>What a pool knows of one slot.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct BounceSlot
{
    /// <summary>In the first slot of a run: whose it is. Null in all others.</summary>
    public DmaDevice? Device;

    /// <summary>In the first slot of a run: where the bytes belong.</summary>
    public PhysicalRange Original;

    /// <summary>In the first slot of a run: bytes before the data.</summary>
    public uint Offset;

    /// <summary>In the first slot of a run: slots in it.</summary>
    public byte Count;

    /// <summary>How many slots before this one the run begins.</summary>
    public byte Back;

    /// <summary>Whether it is out.</summary>
    public bool IsUsed;
}
