// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using System.Runtime.InteropServices;

namespace Physr.Pci;

/// <summary>Where a PCI function sits: domain (segment), bus, device and function, written <c>DDDD:BB:DD.F</c> in hexadecimal.</summary>
/// <remarks>A domain is not limited to 16 bits: the domains of a volume management device start at <c>10000</c>.</remarks>
/// <param name="Domain">The domain; at least four digits when written.</param>
/// <param name="Bus">The bus number.</param>
/// <param name="Device">The device (slot) number, 0 to 31.</param>
/// <param name="Function">The function number, 0 to 7.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PciAddress(uint Domain, byte Bus, byte Device, byte Function) : IComparable<PciAddress>
{
    /// <summary>The largest device number of a bus.</summary>
    public const byte MaxDevice = 31;

    /// <summary>The largest function number of a device (without ARI, whose functions the kernel writes as several devices).</summary>
    public const byte MaxFunction = 7;

    /// <summary>Device and function as one byte, the order in which a bus is scanned.</summary>
    public byte DeviceFunction => (byte)((Device << 3) | Function);

    /// <summary>Reads <c>DDDD:BB:DD.F</c>, or <c>BB:DD.F</c> for domain 0; hexadecimal, either case. Anything else is refused.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out PciAddress address)
    {
        address = default;
        int dot = text.LastIndexOf('.');
        int colon = text.LastIndexOf(':');
        if (dot < 0 || colon < 0 || dot < colon)
        {
            return false;
        }

        uint domain = 0;
        ReadOnlySpan<char> bus = text[..colon];
        int first = bus.IndexOf(':');
        if (first >= 0)
        {
            if (first is < 4 or > 8 || !TryHex(bus[..first], out domain))
            {
                return false;
            }

            bus = bus[(first + 1)..];
        }

        if (bus.Length != 2 || dot - colon - 1 != 2 || text.Length - dot - 1 != 1)
        {
            return false;
        }

        if (!TryHex(bus, out uint busNumber) || !TryHex(text[(colon + 1)..dot], out uint device) || !TryHex(text[(dot + 1)..], out uint function))
        {
            return false;
        }

        if (device > MaxDevice || function > MaxFunction)
        {
            return false;
        }

        address = new(domain, (byte)busNumber, (byte)device, (byte)function);
        return true;
    }

    /// <summary>Reads an address.</summary>
    /// <exception cref="FormatException"><paramref name="text"/> is none.</exception>
    public static PciAddress Parse(string text) =>
        TryParse(text, out PciAddress address) ? address : throw new FormatException($"'{text}' is no PCI address; one looks like 0000:01:00.0.");

    /// <inheritdoc/>
    public int CompareTo(PciAddress other)
    {
        int byDomain = Domain.CompareTo(other.Domain);
        return byDomain != 0 ? byDomain : ((Bus << 8) | DeviceFunction).CompareTo((other.Bus << 8) | other.DeviceFunction);
    }

    /// <summary>The address as the kernel writes it.</summary>
    public override string ToString() => $"{Domain:x4}:{Bus:x2}:{Device:x2}.{Function:x1}";

    private static bool TryHex(ReadOnlySpan<char> text, out uint value) =>
        uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
