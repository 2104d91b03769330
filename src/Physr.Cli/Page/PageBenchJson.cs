// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using System.Text.Json;

namespace Physr.Cli.Page;

/// <summary>The JSON of <c>physr page bench</c>: one object on one line.</summary>
internal static class PageBenchJson
{
    /// <summary>Writes it.</summary>
    public static void Write(TextWriter output, PageBenchResult result)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            json.WriteBoolean("verified", result.Verified);
            json.WriteNumber("faults", result.Faults);
            json.WriteNumber("evictions", result.Evictions);
            json.WriteNumber("bytesIn", result.BytesIn);
            json.WriteNumber("bytesOut", result.BytesOut);
            json.WriteNumber("p50Us", Math.Round(result.Times.Quantile(0.5), 3));
            json.WriteNumber("p99Us", Math.Round(result.Times.Quantile(0.99), 3));
            json.WriteNumber("maxUs", Math.Round(result.Times.MostMicroseconds, 3));
            json.WriteNumber("faultsPerSecond", Math.Round(result.FaultsPerSecond, 1));
            json.WriteNumber("gcCount", result.GcCount);
            json.WriteNumber("pagerRestarts", result.PagerRestarts);
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
    }
}
