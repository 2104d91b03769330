// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Bus;

/// <summary>How a bus transaction ended (PCIe Base Specification, section 2.2.9 completion status, and the ways a link fails).</summary>
public enum BusStatus
{
    /// <summary>The bytes moved.</summary>
    Success = 0,

    /// <summary>No one claimed the address, or bus mastering is off (UR).</summary>
    UnsupportedRequest = 1,

    /// <summary>The completer refused (CA).</summary>
    CompleterAbort = 2,

    /// <summary>A link on the way is down.</summary>
    LinkDown = 3,

    /// <summary>The target was removed.</summary>
    DeviceGone = 4,

    /// <summary>No completion came in time.</summary>
    CompletionTimeout = 5,

    /// <summary>The bytes arrived marked as bad (poisoned TLP).</summary>
    Poisoned = 6,

    /// <summary>The IOMMU refused the address: nothing is mapped there for this device, or not for this kind of access. On the wire a Completer Abort or Unsupported
    /// Request (Intel VT-d specification, section 7.1.3); the name is the host's, whose fault log has the reason.</summary>
    IommuFault = 7,
}
