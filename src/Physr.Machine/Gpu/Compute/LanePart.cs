// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Mmu;
using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Compute;

/// <summary>Bytes of a piece that lie in one page.</summary>
internal struct LanePart
{
    /// <summary>Where they are.</summary>
    public ulong Address;

    /// <summary>Which byte of the lane's buffer the first is.</summary>
    public int Offset;

    /// <summary>How many; 0 where the piece has no such part.</summary>
    public int Length;

    /// <summary>What is done with them, as the translation is asked for.</summary>
    public GpuAccess Access;

    /// <summary>Whether they are read into the buffer.</summary>
    public bool Reads;

    /// <summary>Whether they are written from the buffer.</summary>
    public bool Writes;

    /// <summary>Whether the last translation faulted.</summary>
    public bool Faulted;

    /// <summary>Where the bytes really are.</summary>
    public GpuTranslation Target;

    /// <summary>Whether the part is in a range of addresses.</summary>
    public readonly bool Touches(ulong first, ulong last) => Length != 0 && Address <= last && Address + (ulong)(Length - 1) >= first;

    /// <summary>Whether the part stands still at a page.</summary>
    public readonly bool FaultsAt(ulong address) => Faulted && (Address ^ address) < PageSize.Size4K;
}
