// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Cli;

/// <summary>The text of <c>physr memmap</c>: the lines of <c>/proc/iomem</c>, unchanged, with three columns beside them.</summary>
internal static class MemmapCommandText
{
    private const int WidestTree = 72;
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    internal static void Write(TextWriter output, MemmapCommandSource source, IReadOnlyList<MemmapCommandRow> rows)
    {
        List<string> lines = [.. rows.Select(row => IomemText.FormatLine(row.Range, Printable(row.Name), row.Depth))];
        int tree = Math.Min(WidestTree, lines.Append("RANGE").Max(line => line.Length));
        int provider = rows.Select(row => row.Provider?.Length ?? 0).Append("PROVIDER".Length).Max();
        int type = rows.Select(row => row.Type.Length).Append("TYPE".Length).Max();
        output.WriteLine($"{"RANGE".PadRight(tree)}  {"PROVIDER".PadRight(provider)}  {"TYPE".PadRight(type)}  DESCRIPTORS");
        for (int i = 0; i < rows.Count; i++)
        {
            MemmapCommandRow row = rows[i];
            string line = $"{lines[i].PadRight(tree)}  {(row.Provider ?? "").PadRight(provider)}  {row.Type.PadRight(type)}  {(row.DescriptorBytes is { } bytes ? $"{Size(bytes),11}" : "")}";
            output.WriteLine(line.TrimEnd());
        }

        ulong ram = Sum(rows, row => string.Equals(row.Type, "RAM", StringComparison.Ordinal) ? row.Range.Length : 0);
        ulong apertures = Sum(rows, row => row.Provider is not null ? row.Range.Length : 0);
        ulong pageless = Sum(rows, row => row is { Provider: not null, DescriptorBytes: 0 } ? PagesOf(row.Range) * PageDescriptor.SizeBytes : 0);
        output.WriteLine();
        string known = rows.Any(row => string.Equals(row.Type, "RAM", StringComparison.Ordinal)) ? $"{Size(ram)} of RAM" : "RAM not known";
        output.WriteLine($"{known}, {Size(apertures)} in {rows.Count(row => row.Provider is not null)} apertures; page descriptors take {Size(Sum(rows, row => row.DescriptorBytes ?? 0))}.");
        if (pageless != 0)
        {
            output.WriteLine($"Descriptors for the page-less apertures would take {Size(pageless)} more.");
        }

        foreach (string note in source.Notes)
        {
            output.WriteLine($"note: {Printable(note)}");
        }
    }

    internal static ulong PagesOf(PhysicalRange range) => (range.Length + (PageSize.Size4K - 1)) >> PageSize.Shift4K;

    private static ulong Sum(IReadOnlyList<MemmapCommandRow> rows, Func<MemmapCommandRow, ulong> select) => rows.Aggregate(0UL, (sum, row) => sum + select(row));

    /// <summary>A size in the largest unit that leaves it at 1 or more, with as few decimals as it needs, at most two.</summary>
    private static string Size(ulong bytes)
    {
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return $"{value:0.##} {Units[unit]}";
    }

    /// <summary>Names come from a capture, which may hold anything: control characters do not reach the terminal.</summary>
    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
