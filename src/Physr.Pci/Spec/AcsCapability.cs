// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>Registers of the ACS extended capability, relative to its start (PCI Express Base 5.0, 7.7.8), and how its bits are written.</summary>
public static class AcsCapability
{
    /// <summary>Capabilities, 16 bits.</summary>
    public const int Capabilities = 0x04;

    /// <summary>Control, 16 bits: see <see cref="AcsControl"/>.</summary>
    public const int Control = 0x06;

    /// <summary>Length in bytes without an egress control vector.</summary>
    public const int Length = 8;

    private static readonly string[] Names = ["SV", "TB", "RR", "CR", "UF", "EC", "DT"];

    /// <summary>The bits set, by the specification's abbreviations, lowest first: <c>RR+CR</c>; <c>none</c> for no bit.</summary>
    public static string Describe(AcsControl control)
    {
        string text = string.Join('+', Names.Where((_, bit) => ((int)control & (1 << bit)) != 0));
        return text.Length != 0 ? text : "none";
    }
}
