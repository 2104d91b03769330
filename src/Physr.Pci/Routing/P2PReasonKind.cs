// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Routing;

/// <summary>What a reason is about.</summary>
public enum P2PReasonKind
{
    /// <summary>Provider and client are one function.</summary>
    SameFunction,

    /// <summary>Both are below one bridge, the subject.</summary>
    CommonBridge,

    /// <summary>No bridge is above both: the route goes over the host bridge.</summary>
    NoCommonBridge,

    /// <summary>The subject redirects peer requests by its ACS control bits.</summary>
    AcsRedirect,

    /// <summary>The subject's ACS could not be read; no redirect was assumed.</summary>
    AcsUnknown,

    /// <summary>The processor is AMD Zen: host bridges pass.</summary>
    ZenProcessor,

    /// <summary>The subject, a host bridge, is in the kernel's list.</summary>
    HostBridgeListed,

    /// <summary>The subject is not in the list of this release.</summary>
    HostBridgeNotListed,

    /// <summary>The subject is only in the list of a later release.</summary>
    HostBridgeListedLater,

    /// <summary>Nobody stands for the subject.</summary>
    HostBridgeUnusable,

    /// <summary>The subject passes traffic below itself only.</summary>
    HostBridgeSameOnly,

    /// <summary>The provider has no memory BAR, so there is nothing to reach.</summary>
    NoMemoryBar,
}
