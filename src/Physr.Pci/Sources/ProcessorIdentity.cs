// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;

namespace Physr.Pci.Sources;

/// <summary>Processor 0 as <c>/proc/cpuinfo</c> names it; the kernel asks no other.</summary>
/// <param name="Vendor">The vendor string, <c>AuthenticAMD</c>; empty where there is none, as on Arm.</param>
/// <param name="Family">The family, decimal in the file; null where missing or no number.</param>
/// <param name="Note">What was wrong with the file; empty for nothing.</param>
public sealed record ProcessorIdentity(string Vendor, int? Family, string Note)
{
    /// <summary>The first family of AMD processors whose host bridges pass peer-to-peer traffic (Zen).</summary>
    public const int ZenFamily = 0x17;

    /// <summary>Lines of the first stanza by which architectures without a vendor are known: Arm, RISC-V, MIPS and LoongArch, POWER and SPARC.</summary>
    private static readonly string[] OtherArchitectures = ["CPU implementer", "CPU architecture", "hart", "isa", "system type", "cpu"];

    /// <summary>A processor of which nothing is known: judged as one that is not Zen.</summary>
    public static ProcessorIdentity Unknown { get; } = new("", null, "");

    /// <summary>Whether it is AMD and of family 0x17 or later (row R51d). Hygon's 0x18 and Intel's families are not.</summary>
    public bool IsZen => string.Equals(Vendor, "AuthenticAMD", StringComparison.Ordinal) && Family >= ZenFamily;

    /// <summary>Reads the first stanza of <c>/proc/cpuinfo</c>.</summary>
    public static ProcessorIdentity Parse(ReadOnlySpan<char> text)
    {
        string vendor = "";
        string? family = null;
        bool inside = false;
        bool isOther = false;
        foreach (ReadOnlySpan<char> line in text.EnumerateLines())
        {
            int colon = line.IndexOf(':');
            if (colon < 0)
            {
                if (inside && line.IsWhiteSpace())
                {
                    break;
                }

                continue;
            }

            ReadOnlySpan<char> key = line[..colon].Trim();
            ReadOnlySpan<char> value = line[(colon + 1)..].Trim();
            if (inside && key.SequenceEqual("processor"))
            {
                break;
            }

            inside = true;
            if (key.SequenceEqual("vendor_id"))
            {
                vendor = value[..Math.Min(value.Length, 64)].ToString();
            }
            else if (key.SequenceEqual("cpu family"))
            {
                family = value[..Math.Min(value.Length, 64)].ToString();
            }
            else
            {
                isOther |= OtherArchitectures.Contains(key.ToString(), StringComparer.Ordinal);
            }
        }

        bool hasNumber = int.TryParse(family, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        bool isNamed = vendor.Length != 0 && vendor.All(static c => c is >= ' ' and <= '~');
        string note = !inside ? "processor 0 is not described"
            : !isNamed && !(isOther && vendor.Length == 0) ? "processor 0 has no vendor that can be read"
            : !hasNumber && string.Equals(vendor, "AuthenticAMD", StringComparison.Ordinal) ? $"processor 0 is AMD but its family is {(family is null ? "missing" : "no number")}"
            : "";
        return new(vendor, hasNumber ? number : null, note);
    }
}
