// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Mm;

/// <summary>What <see cref="AddressSpace.TryRemap"/> is asked for (the arguments of <c>mremap</c>).</summary>
/// <param name="Address">Where it is: a multiple of 4 KiB.</param>
/// <param name="Length">How long it is; zero, of shared memory, asks for a second view.</param>
/// <param name="NewLength">How long it is to be.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RemapRequest(VirtualAddress Address, ulong Length, ulong NewLength)
{
    /// <summary>Whether it may move (<c>MREMAP_MAYMOVE</c>).</summary>
    public bool MayMove { get; init; }

    /// <summary>Exactly where to, in the place of what is mapped there (<c>MREMAP_FIXED</c>); null lets the process choose.</summary>
    public VirtualAddress? NewAddress { get; init; }

    /// <summary>Whether the old addresses stay mapped, without their pages (<c>MREMAP_DONTUNMAP</c>).</summary>
    public bool DontUnmap { get; init; }
}
