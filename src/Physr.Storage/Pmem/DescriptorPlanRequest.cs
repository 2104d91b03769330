// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <summary>What is to be planned.</summary>
/// <param name="Memory">What kind.</param>
/// <param name="Size">Bytes.</param>
public sealed record DescriptorPlanRequest(PlannedMemory Memory, ulong Size)
{
    /// <summary>4 KiB, 2 MiB or 1 GiB; null takes what is usual: 2 MiB for namespaces, 4 KiB where descriptors lie on the device in devdax, 4 KiB for the rest.</summary>
    public ulong? Align { get; init; }

    /// <summary>Whether descriptors lie in the memory itself (<c>map=dev</c>).</summary>
    public bool HasAltmap { get; init; }

    internal ulong AlignOrUsual => Align ?? (Memory == PlannedMemory.FsDax || (Memory == PlannedMemory.DevDax && !HasAltmap) ? PageSize.Size2M : PageSize.Size4K);
}
