// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using System.Text.RegularExpressions;
using Physr.Machine.Reports;
using Spectre.Console;

namespace Physr.Cli.Rendering;

internal sealed partial class RunReportText
{
    private const int DigestCharacters = 12;

    private void WriteComparison(RouteReport[] routes)
    {
        Table table = CreateTable(routes, "route");
        Row(table, routes, "verdict", route => $"{ColoredVerdict(route, ColumnWidth(routes.Length))}{(route.FellBack ? " (bounced)" : "")}");
        if (_scenario.Unaddressable is null)
        {
            Row(table, routes, "staged in", static route => Markup.Escape(route.Provider));
        }

        Row(table, routes, "payload", static route => Quantities.Bytes(route.PayloadBytes));
        Row(table, routes, "through DRAM", static route => Quantities.Bytes(route.DramBytes));
        Row(table, routes, "over links", static route => Quantities.Bytes(Sum(route.Links)));
        Row(table, routes, "busiest link", static route => Markup.Escape(Busiest(route)));
        if (_scenario.Unaddressable is null)
        {
            Row(table, routes, "range entries", static route => $"{route.RangeEntries}");
            Row(table, routes, "range bytes", static route => Quantities.Bytes(route.RangeBytes));
        }

        Row(table, routes, "page descriptors", static route => $"{route.PageDescriptors}");
        Row(table, routes, "descriptor bytes", static route => Quantities.Bytes(route.DescriptorBytes));
        WriteSlices(table, routes);
        WriteUnaddressable(table, routes);
        WriteStorage(table, routes);
        WriteTranslation(table, routes);
        Row(table, routes, "estimated time", static route => Quantities.Time(route.EstimatedSeconds));
        Row(table, routes, "estimated rate", static route => Quantities.Rate(route.PayloadBytes, route.EstimatedSeconds));
        Row(table, routes, "bottleneck", static route => Markup.Escape(route.Bottleneck));
        Row(table, routes, "wall time", static route => Quantities.Time(route.WallSeconds));
        Row(table, routes, "sha256", static route => Markup.Escape(route.Sha256.Length > DigestCharacters ? route.Sha256[..DigestCharacters] : route.Sha256));
        Row(table, routes, "verified", static route => route.Verified ? Colored("yes", "green") : Colored("NO", "red"));
        _console.Write(table);
        _console.WriteLine();
    }

    // Only where some route has what the row is about.
    private static void WriteTranslation(Table table, RouteReport[] routes)
    {
        if (Array.Exists(routes, static route => route.Iommu is not null))
        {
            Row(table, routes, "IOMMU", static route => route.Iommu is { } iommu ? Markup.Escape(iommu.Mode) : "-");
            Row(table, routes, "IOVA, at most", static route => route.Iommu is { } iommu ? $"{Quantities.Bytes(iommu.IovaBytes)} in {iommu.IovaRuns}" : "-");
            Row(table, routes, "IOTLB flushes", static route => route.Iommu is { } iommu ? $"{iommu.Flushes}" : "-");
            Row(table, routes, "IOTLB hits", static route => route.Iommu is { } iommu ? HitShare(iommu) : "-");
            Row(table, routes, "table pages", static route => route.Iommu is { } iommu ? $"{iommu.TablePages}" : "-");
            Row(table, routes, "IOMMU faults", static route => route.Iommu is { } iommu ? iommu.Faults == 0 ? "0" : Colored($"{iommu.Faults}", "red") : "-");
        }

        if (Array.Exists(routes, static route => route.BounceBytes is not null))
        {
            Row(table, routes, "bounced", static route => route.BounceBytes is { } bounced ? Quantities.Bytes(bounced) : "-");
        }
    }

    private static void WriteSlices(Table table, RouteReport[] routes)
    {
        if (Array.Exists(routes, static route => route.Slices is not null))
        {
            Row(table, routes, "slices", static route => route.Slices is { } slices ? $"{slices.Slices} in {Quantities.Bytes(slices.SpanBytes)}" : "-");
            Row(table, routes, "mappings", static route => $"{route.Slices?.Mappings}");
            Row(table, routes, "revoked", static route => $"{route.Slices?.Revokes}");
            Row(table, routes, "in flight then", static route => $"{route.Slices?.InFlight}");
            Row(table, routes, "refused mappings", static route => $"{route.Slices?.RefusedMappings}");
            Row(table, routes, "refused accesses", static route => $"{route.Slices?.RefusedAccesses.Count}");
        }
    }

    private static string HitShare(IommuReport iommu)
    {
        ulong accesses = iommu.IotlbHits + iommu.IotlbMisses;
        return accesses == 0 ? "none asked" : $"{100.0 * iommu.IotlbHits / accesses:0}% of {accesses}";
    }

    private void WriteLinks(RouteReport[] routes)
    {
        List<(string From, string To)> directions = [.. routes.SelectMany(static route => route.Links).Where(static link => link.Bytes != 0).Select(static link => (link.From, link.To)).Distinct()];
        if (directions.Count == 0)
        {
            return;
        }

        Table table = CreateTable(routes, "payload per link");
        foreach ((string from, string to) in directions)
        {
            Row(table, routes, $"{from} → {to}", route => route.Links.FirstOrDefault(link => link.From == from && link.To == to) is { } link
                ? Quantities.Bytes(link.Bytes)
                : "-");
        }

        _console.Write(table);
        _console.WriteLine();
    }

    private Table CreateTable(RouteReport[] routes, string corner)
    {
        Table table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn(Markup.Escape(corner)).NoWrap().Padding(0, 2));
        foreach (RouteReport route in routes)
        {
            int width = ColumnWidth(routes.Length);
            table.AddColumn(new TableColumn(Colored(Break(route.Name, width), "bold")).RightAligned().Padding(0, 2));
        }

        table.Columns[^1].Padding(0, 0);
        return table;
    }

    private static void Row(Table table, RouteReport[] routes, string label, Func<RouteReport, string> cell) =>
        table.AddRow([Markup.Escape(label), .. routes.Select(cell)]);

    private static ulong Sum(IReadOnlyList<LinkBytes> links) => links.Aggregate(0UL, static (sum, link) => sum + link.Bytes);

    private static string Busiest(RouteReport route) =>
        route.Links.OrderByDescending(static link => link.Utilization).ThenByDescending(static link => link.Bytes).FirstOrDefault() is { } link
            ? $"{link.From} → {link.To} {link.Utilization * 100:0}%"
            : "-";

    // Tables break lines at blanks alone; names have hyphens, and words of the report have capitals inside.
    private static string Break(string text, int width)
    {
        if (text.Length <= width)
        {
            return text;
        }

        StringBuilder broken = new();
        int line = 0;
        foreach (string part in Joint().Split(text))
        {
            if (line > 0 && line + part.Length > width)
            {
                broken.Append('\n');
                line = 0;
            }

            broken.Append(part);
            line += part.Length;
        }

        return broken.ToString();
    }

    [GeneratedRegex("(?<=-)|(?<=[a-z])(?=[A-Z])", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Joint();
}
