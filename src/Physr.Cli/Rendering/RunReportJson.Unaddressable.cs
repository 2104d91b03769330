// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.Json;
using Physr.Machine.Reports;
using Physr.Mm.Reporting;

namespace Physr.Cli.Rendering;

/// <content>What a process and a GPU did.</content>
public static partial class RunReportJson
{
    private static void WriteUnaddressable(Utf8JsonWriter json, UnaddressableReport process)
    {
        json.WriteString("numbering", process.Numbering);
        json.WriteStartObject("faults");
        json.WriteNumber("cpu", process.CpuFaults);
        json.WriteNumber("device", process.DeviceFaults);
        json.WriteNumber("records", process.FaultRecords);
        json.WriteNumber("replays", process.Replays);
        WriteReal(json, "perSecond", process.FaultsPerSecond);
        json.WriteEndObject();
        json.WriteStartObject("migrations");
        json.WriteNumber("toDevice", process.ToDevice);
        json.WriteNumber("toRam", process.ToRam);
        WriteReal(json, "bytesPerSecond", process.MigrationBytesPerSecond);
        json.WriteEndObject();
        json.WriteNumber("migratedBytes", process.MigratedBytes);
        json.WriteNumber("evictions", process.Evictions);
        json.WriteNumber("mappedInRam", process.MappedInRam);
        json.WriteNumber("exclusive", process.Exclusive);
        json.WriteNumber("gpuInvalidations", process.Invalidations);
        json.WriteNumber("pinnedLeaks", process.PinnedLeaks);
        if (process.Hotplug is { } hotplug)
        {
            json.WriteStartObject("hotplug");
            json.WriteString("start", $"{hotplug.Range.Start}");
            json.WriteNumber("bytes", hotplug.Range.Length);
            json.WriteString("outcome", hotplug.Outcome);
            json.WriteString("message", hotplug.Message);
            json.WriteEndObject();
        }

        WriteSmaps(json, process.Moments);
        if (process.Moments.Any(static moment => moment.Maps is not null))
        {
            WriteDumps(json, process.Moments);
        }
    }

    private static void WriteSmaps(Utf8JsonWriter json, IReadOnlyList<MemoryMoment> moments)
    {
        json.WriteStartObject("smaps");
        foreach (MemoryMoment moment in moments)
        {
            json.WriteStartObject(moment.Name);
            json.WriteNumber("devicePages", moment.DevicePages);
            json.WriteStartArray("areas");
            foreach (AreaUsage area in moment.Areas)
            {
                json.WriteStartObject();
                json.WriteString("start", $"{area.Start:x}");
                json.WriteString("end", $"{area.End:x}");
                json.WriteString("permissions", area.Permissions);
                foreach ((string name, ulong bytes) in Fields(area.Usage))
                {
                    json.WriteNumber(name, bytes);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteDumps(Utf8JsonWriter json, IReadOnlyList<MemoryMoment> moments)
    {
        json.WriteStartObject("dumps");
        foreach (MemoryMoment moment in moments)
        {
            json.WriteStartObject(moment.Name);
            json.WriteString("maps", moment.Maps);
            json.WriteString("smaps", moment.Smaps);
            json.WriteString("pagemap", moment.Pagemap);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static (string Name, ulong Bytes)[] Fields(MemoryUsage usage) =>
    [
        ("rss", usage.Rss), ("pss", usage.Pss), ("pssDirty", usage.PssDirty),
        ("sharedClean", usage.SharedClean), ("sharedDirty", usage.SharedDirty), ("privateClean", usage.PrivateClean), ("privateDirty", usage.PrivateDirty),
        ("referenced", usage.Referenced), ("anonymous", usage.Anonymous), ("lazyFree", usage.LazyFree), ("anonHugePages", usage.AnonHugePages),
        ("swap", usage.Swap), ("swapPss", usage.SwapPss), ("locked", usage.Locked),
    ];
}
