// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Config;

/// <summary>What a search for a capability came to.</summary>
public enum CapabilityLookup
{
    /// <summary>The function does not have it.</summary>
    Absent = 0,

    /// <summary>It is there.</summary>
    Found = 1,

    /// <summary>The bytes that would say so could not be read.</summary>
    Unknown = 2,
}
