// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Reports;

namespace Physr.Cli.Rendering;

/// <summary>A process's <c>maps</c>, <c>smaps</c> and <c>pagemap</c> at each moment of each route, where the report has them: each behind a line that begins with <c>==&gt;</c>, as
/// <c>head</c> and <c>tail</c> name files.</summary>
internal static class MemoryDumpText
{
    /// <summary>Writes what there is.</summary>
    public static void Write(RunReport report, TextWriter output)
    {
        foreach (RouteReport route in report.Routes)
        {
            foreach (MemoryMoment moment in route.Unaddressable?.Moments ?? [])
            {
                Write(output, $"{route.Name}/{moment.Name}/maps", moment.Maps);
                Write(output, $"{route.Name}/{moment.Name}/smaps", moment.Smaps);
                Write(output, $"{route.Name}/{moment.Name}/pagemap", moment.Pagemap);
            }
        }
    }

    private static void Write(TextWriter output, string name, string? text)
    {
        if (text is not null)
        {
            output.Write($"\n==> {name} <==\n");
            output.Write(text);
        }
    }
}
