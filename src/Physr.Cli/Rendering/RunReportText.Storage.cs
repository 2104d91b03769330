// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;
using Spectre.Console;

namespace Physr.Cli.Rendering;

/// <content>What became of a file on an array.</content>
internal sealed partial class RunReportText
{
    private static void WriteStorage(Table table, RouteReport[] routes)
    {
        if (!Array.Exists(routes, static route => route.Storage is not null))
        {
            return;
        }

        void Line(string label, Func<StorageReport, string> cell) => Row(table, routes, label, route => route.Storage is { } storage ? Markup.Escape(cell(storage)) : "-");
        Line("array", static storage => $"RAID-{storage.Level} of {storage.Members}");
        Line("array bytes", static storage => Quantities.Bytes(storage.ArrayBytes));
        foreach (string stage in routes.OrderByDescending(static route => route.Storage?.DescriptorsByStage.Count).SelectMany(static route => route.Storage?.DescriptorsByStage ?? []).Select(static stage => stage.Stage).Distinct(StringComparer.Ordinal))
        {
            Line(Indented(stage), storage => storage.DescriptorsByStage.Where(each => each.Stage == stage).Select(static each => $"{each.Descriptors}").FirstOrDefault() ?? "-");
        }

        Line("rebuilt", static storage => Quantities.Bytes(storage.RebuiltBytes));
        Line("mismatches", static storage => $"{storage.Mismatches}");
        Line("persistence", static storage => storage.Persistence);
        Line("found", static storage => storage.FoundFiles == 0 ? storage.Found : $"{storage.Found}, {storage.FoundFiles} files");
    }

    // "mappedByOne" as people write it.
    private static string Indented(string stage) => "descr. " + string.Concat(stage.Select(static letter => char.IsUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : $"{letter}"));
}
