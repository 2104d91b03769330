// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>The number of the provider that owns a range's bytes. It rides inside each range-list entry, so that finding the owner needs no search (mission
/// text 001); look-up by address is the fallback.</summary>
/// <param name="Value">0 is ordinary RAM; providers of BARs and other apertures count from 1.</param>
public readonly record struct ProviderIndex(uint Value)
{
    /// <summary>Ordinary system RAM.</summary>
    public static ProviderIndex Ram => default;

    /// <summary>Memory that only its device can address: the entry's numbers are a <see cref="DevicePrivateOffset"/>, no physical address (row R42).</summary>
    public static ProviderIndex DevicePrivate => new(uint.MaxValue);

    /// <summary>Whether the entry's numbers are an offset into device-private memory.</summary>
    public bool IsDevicePrivate => Value == uint.MaxValue;

    /// <summary>Whether this is ordinary system RAM.</summary>
    public bool IsRam => Value == 0;

    /// <summary>The index as <c>ram</c>, <c>provider N</c> or <c>private</c>.</summary>
    public override string ToString() => IsRam ? "ram" : IsDevicePrivate ? "private" : $"provider {Value}";
}
