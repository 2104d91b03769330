// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>The number of the provider that owns a range's bytes. It rides inside each range-list entry, so that finding the owner needs no search (mission
/// text 001); look-up by address is the fallback.</summary>
/// <param name="Value">0 is ordinary RAM; providers of BARs and other apertures count from 1.</param>
public readonly record struct ProviderIndex(uint Value)
{
    /// <summary>Ordinary system RAM.</summary>
    public static ProviderIndex Ram => default;

    /// <summary>Whether this is ordinary system RAM.</summary>
    public bool IsRam => Value == 0;

    /// <summary>The index as <c>ram</c> or <c>provider N</c>.</summary>
    public override string ToString() => IsRam ? "ram" : $"provider {Value}";
}
