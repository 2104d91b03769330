// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>Pages that accesses pinned, and how many did so with just these ends (<c>struct iopt_pages_access</c>).</summary>
internal sealed class AccessSpan
{
    /// <summary>Pins not yet ended.</summary>
    public int Users { get; set; } = 1;
}
