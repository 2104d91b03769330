// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Faults;

/// <summary>A device as the page-fault path needs it: told what became of each group of its requests.</summary>
public interface IPageRequester
{
    /// <summary>The answer to a group (the kernel's <c>page_response</c> operation). Called once for each group, on whatever thread answered, outside of every lock.</summary>
    /// <param name="pasid">As in the requests; 0 for none.</param>
    /// <param name="groupId">As in the requests.</param>
    /// <param name="response">How it ends.</param>
    void Complete(uint pasid, uint groupId, PageResponse response);
}
