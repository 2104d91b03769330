// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Pci.Sources;

/// <summary>Reads sysfs <c>resource</c>: per line a start, an inclusive end and flags, in hexadecimal.</summary>
public static class ResourceFile
{
    /// <summary>More lines than any kernel writes; what follows is ignored.</summary>
    private const int LineLimit = 64;

    /// <summary>Reads the resources that are there; empty lines of the table are left out.</summary>
    /// <param name="text">The file.</param>
    /// <param name="subject">Whose file it is, for the diagnostics.</param>
    /// <param name="diagnostics">Receives the lines that make no sense.</param>
    public static IReadOnlyList<PciResource> Parse(ReadOnlySpan<char> text, string subject, ICollection<PciDiagnostic> diagnostics)
    {
        var resources = new List<PciResource>();
        int index = -1;
        foreach (ReadOnlySpan<char> line in text.EnumerateLines())
        {
            if (line.IsWhiteSpace() || ++index >= LineLimit)
            {
                continue;
            }

            if (!TryParseLine(line, out ulong start, out ulong end, out PciResourceFlags flags))
            {
                diagnostics.Add(new(subject, "resource", $"line {index + 1} is not three hexadecimal numbers", "assumed empty"));
                continue;
            }

            // The kernel calls a resource empty when it ends at 0, or just below its start.
            if (flags == PciResourceFlags.None || end == 0 || unchecked(end + 1) == start)
            {
                continue;
            }

            if (end < start || end - start == ulong.MaxValue || !PhysicalRange.TryCreate(new PhysicalAddress(start), end - start + 1, out PhysicalRange range))
            {
                diagnostics.Add(new(subject, "resource", $"line {index + 1} ends before it starts, or past 64 bits", "assumed empty"));
                continue;
            }

            resources.Add(new PciResource(index, range, flags));
        }

        return resources;
    }

    private static bool TryParseLine(ReadOnlySpan<char> line, out ulong start, out ulong end, out PciResourceFlags flags)
    {
        start = end = 0;
        flags = PciResourceFlags.None;
        Span<Range> parts = stackalloc Range[4];
        int count = line.SplitAny(parts, " \t", StringSplitOptions.RemoveEmptyEntries);
        if (count != 3 || !TryHex(line[parts[0]], out start) || !TryHex(line[parts[1]], out end) || !TryHex(line[parts[2]], out ulong raw))
        {
            return false;
        }

        flags = (PciResourceFlags)raw;
        return true;
    }

    private static bool TryHex(ReadOnlySpan<char> text, out ulong value)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            text = text[2..];
        }

        return ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
