// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>Consecutive pages in consecutive frames.</summary>
/// <param name="Index">The first page.</param>
/// <param name="Count">How many.</param>
/// <param name="Frame">The first frame's number.</param>
/// <param name="IsOwned">Whether whoever holds the run must see that the pages' pins end.</param>
internal readonly record struct FrameRun(ulong Index, ulong Count, ulong Frame, bool IsOwned)
{
    /// <summary>The frames' bytes.</summary>
    public PhysicalRange Bytes => new(new(Frame << PageSize.Shift4K), Count << PageSize.Shift4K);
}
