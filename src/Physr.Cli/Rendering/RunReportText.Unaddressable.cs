// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;
using Spectre.Console;

namespace Physr.Cli.Rendering;

/// <content>What a process and a GPU did.</content>
internal sealed partial class RunReportText
{
    private static void WriteUnaddressable(Table table, RouteReport[] routes)
    {
        if (!Array.Exists(routes, static route => route.Unaddressable is not null))
        {
            return;
        }

        void Line(string label, Func<UnaddressableReport, string> cell) => Row(table, routes, label, route => route.Unaddressable is { } process ? Markup.Escape(cell(process)) : "-");
        Line("numbering", static process => process.Numbering);
        Line("CPU faults", static process => $"{process.CpuFaults}");
        Line("GPU faults", static process => $"{process.DeviceFaults}");
        Line("faults a second", static process => Quantities.Count(process.FaultsPerSecond));
        Line("pages to GPU", static process => $"{process.ToDevice}");
        Line("pages to RAM", static process => $"{process.ToRam}");
        Line("of these evicted", static process => $"{process.Evictions}");
        Line("mapped in RAM", static process => $"{process.MappedInRam}");
        Line("exclusive", static process => $"{process.Exclusive}");
        Line("migrated", static process => Quantities.Bytes(process.MigratedBytes));
        Line("migration rate", static process => process.MigrationBytesPerSecond == 0 ? "-" : Quantities.Rate((ulong)process.MigrationBytesPerSecond, 1));
    }

    /// <summary>The process's memory at three moments, on the first route that came to all of them: one table for all areas.</summary>
    private void WriteMoments()
    {
        if (_report.Routes.FirstOrDefault(static route => route.Unaddressable is { Moments.Count: 3 }) is not { Unaddressable: { } process } route)
        {
            return;
        }

        Table table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn(Markup.Escape($"smaps, kB ({route.Name})")).NoWrap().Padding(0, 2));
        foreach (MemoryMoment moment in process.Moments)
        {
            table.AddColumn(new TableColumn(Colored(moment.Name, "bold")).RightAligned().Padding(0, 2));
        }

        void Line(string label, Func<AreaUsage, ulong> bytes) =>
            table.AddRow([label, .. process.Moments.Select(moment => $"{moment.Areas.Aggregate(0UL, (sum, area) => sum + bytes(area)) >> 10}")]);
        Line("Size", static area => area.End - area.Start);
        Line("Rss", static area => area.Usage.Rss);
        Line("Pss", static area => area.Usage.Pss);
        Line("Private_Clean", static area => area.Usage.PrivateClean);
        Line("Private_Dirty", static area => area.Usage.PrivateDirty);
        Line("Referenced", static area => area.Usage.Referenced);
        Line("Anonymous", static area => area.Usage.Anonymous);
        Line("AnonHugePages", static area => area.Usage.AnonHugePages);
        Line("Swap", static area => area.Usage.Swap);
        table.AddRow(["of Rss, in GPU", .. process.Moments.Select(static moment => $"{moment.DevicePages * 4}")]);
        table.Columns[^1].Padding(0, 0);
        _console.Write(table);
        _console.WriteLine();
    }
}
