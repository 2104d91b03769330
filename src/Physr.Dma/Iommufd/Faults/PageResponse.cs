// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Faults;

/// <summary>How a group of page requests ends (<c>enum iommufd_page_response_code</c>, row R78b).</summary>
public enum PageResponse : uint
{
    /// <summary>The pages are there now: the device tries again.</summary>
    Success = 0,

    /// <summary>They will not be: the device gives up.</summary>
    Invalid = 1,
}
