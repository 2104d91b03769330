// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>One refused access.</summary>
/// <param name="Requester">Who asked.</param>
/// <param name="Pasid">For which of its address spaces.</param>
/// <param name="Address">What it asked for.</param>
/// <param name="IsWrite">Whether it wanted to write.</param>
/// <param name="Reason">Why it was refused.</param>
public readonly record struct IommuFault(RequesterId Requester, Pasid Pasid, DmaAddress Address, bool IsWrite, IommuFaultReason Reason)
{
    /// <summary>The access and the reason, as one line.</summary>
    public override string ToString() =>
        $"{(IsWrite ? "write" : "read")} of {Address} by {Requester}{(Pasid.IsNone ? "" : $" PASID {Pasid}")}: {Reason}";
}
