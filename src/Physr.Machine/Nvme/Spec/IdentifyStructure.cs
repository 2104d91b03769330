// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Spec;

/// <summary>What Identify returns: the CNS field (NVMe Base Specification 2.0, figure 273).</summary>
public enum IdentifyStructure : byte
{
    /// <summary>The namespace NSID.</summary>
    Namespace = 0x00,

    /// <summary>The controller.</summary>
    Controller = 0x01,

    /// <summary>Active NSIDs above NSID, ascending.</summary>
    ActiveNamespaces = 0x02,

    /// <summary>Namespace identification descriptors.</summary>
    NamespaceDescriptors = 0x03,

    /// <summary>The namespace, as a command set (CSI) sees it.</summary>
    CommandSetNamespace = 0x05,

    /// <summary>The controller, as a command set (CSI) sees it.</summary>
    CommandSetController = 0x06,
}
