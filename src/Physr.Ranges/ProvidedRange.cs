// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>One entry of a <see cref="RangeList"/>: where the bytes are, and who provides them.</summary>
/// <param name="Range">The physical bytes.</param>
/// <param name="Provider">The owner; <see cref="ProviderIndex.Ram"/> for ordinary memory.</param>
public readonly record struct ProvidedRange(PhysicalRange Range, ProviderIndex Provider)
{
    /// <summary>The offsets of device-private memory, which only a broker can turn into something a device reaches (row R42).</summary>
    /// <exception cref="InvalidOperationException">The entry is no device-private memory.</exception>
    public AddressRange<DevicePrivateOffset> PrivateRange => Provider.IsDevicePrivate
        ? AddressRange<DevicePrivateOffset>.FromTrusted(Range.Start.Value, Range.Length)
        : throw new InvalidOperationException($"{this} is no device-private memory.");

    /// <summary>The entry as <c>0xstart-0xend (provider N)</c>.</summary>
    public override string ToString() => $"{Range} ({Provider})";
}
