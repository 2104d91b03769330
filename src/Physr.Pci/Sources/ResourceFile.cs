// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Pci.Sources;

/// <summary>Reads sysfs <c>resource</c>: per line a start, an inclusive end and flags, in hexadecimal.</summary>
public static class ResourceFile
{
    /// <summary>The fewest lines a kernel writes: six BARs and the ROM.</summary>
    private const int LeastLines = PciResource.StandardBars + 1;

    /// <summary>A number as the kernel writes it: 0x and sixteen digits.</summary>
    private const int NumberLength = 18;

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

            if (flags == PciResourceFlags.None || IsEmpty(index, start, end, flags))
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

        ReportLength(text, index + 1, subject, diagnostics);
        return resources;
    }

    /// <summary>The kernel calls a resource empty when it is one byte at 0, or ends just below its start. A window may so reach from 0 to all ones; a BAR
    /// that says that of itself is garbage.</summary>
    private static bool IsEmpty(int index, ulong start, ulong end, PciResourceFlags flags) =>
        (start | end) == 0
        || (unchecked(end + 1) == start && (start != 0 || index >= PciResource.StandardBars || (flags & PciResourceFlags.Unset) != PciResourceFlags.None));

    private static void ReportLength(ReadOnlySpan<char> text, int lines, string subject, ICollection<PciDiagnostic> diagnostics)
    {
        if (lines > LineLimit)
        {
            diagnostics.Add(new(subject, "resource", $"more than {LineLimit} lines", "the others ignored"));
        }
        else if (lines < LeastLines)
        {
            diagnostics.Add(new(subject, "resource", $"{lines} of at least {LeastLines} lines", "assumed to have no BAR on the others"));
        }
        else if (text.Length - text.LastIndexOfAny(" \t\n") - 1 is > 0 and < NumberLength)
        {
            diagnostics.Add(new(subject, "resource", $"cut in line {lines}", "taken as far as it goes"));
        }
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
