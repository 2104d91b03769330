// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Physr.Dma.Debugging;
using Physr.Dma.Tracing;

namespace Physr.Cli;

/// <summary>The JSON of <c>physr trace check</c>: one object. Addresses are hexadecimal strings, since 64 bits do not fit in every reader's numbers.</summary>
internal static class TraceCheckJson
{
    internal static void Write(TextWriter output, DmaTraceResult result)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteBoolean("clean", result.IsClean);
            json.WriteNumber("findingCount", result.FindingCount);
            WriteFindings(json, "findings", result.Findings);
            json.WriteNumber("uncertainCount", result.UncertainCount);
            WriteFindings(json, "uncertain", result.Uncertain);
            json.WriteBoolean("leaksAreFindings", result.LeaksAreFindings);
            WriteLeaks(json, result.Leaks);
            WriteCounts(json, result);
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }

    private static void WriteFindings(Utf8JsonWriter json, string name, IReadOnlyList<DmaTraceFinding> findings)
    {
        json.WriteStartArray(name);
        foreach (DmaTraceFinding finding in findings)
        {
            DmaDebugReport report = finding.Report;
            json.WriteStartObject();
            json.WriteNumber("line", finding.Line);
            if (finding.Time >= 0)
            {
                json.WriteNumber("timeNanoseconds", finding.Time);
            }

            json.WriteNumber("times", finding.Times);
            json.WriteNumber("class", (int)report.Error);
            json.WriteString("error", report.Error.ToString());
            json.WriteString("device", report.Device.Name);
            json.WriteString("driver", report.Driver);
            json.WriteString("address", $"{report.Address}");
            json.WriteNumber("size", report.Size);
            json.WriteString("expected", report.Expected);
            json.WriteString("actual", report.Actual);
            json.WriteString("text", report.Message);
            if (report.Mapping is { } mapping)
            {
                json.WritePropertyName("mapping");
                WriteMapping(json, mapping);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteMapping(Utf8JsonWriter json, in DmaDebugMapping mapping)
    {
        json.WriteStartObject();
        json.WriteString("kind", mapping.Kind.ToString());
        json.WriteString("address", $"{mapping.Range.Start}");
        json.WriteNumber("size", mapping.Range.Length);
        json.WriteString("memory", mapping.Memory is { } memory ? $"{memory}" : null);
        json.WriteString("direction", mapping.Direction.ToString());
        json.WriteString("attributes", mapping.Attributes.ToString());
        json.WriteEndObject();
    }

    private static void WriteLeaks(Utf8JsonWriter json, IReadOnlyList<DmaLeak> leaks)
    {
        json.WriteStartArray("stillMapped");
        foreach (DmaLeak leak in leaks)
        {
            json.WriteStartObject();
            json.WriteString("device", leak.Device.Name);
            json.WriteString("driver", leak.Driver);
            json.WriteNumber("count", leak.Count);
            json.WriteNumber("bytes", leak.Bytes);
            json.WritePropertyName("oldest");
            WriteMapping(json, leak.Sample);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCounts(Utf8JsonWriter json, DmaTraceResult result)
    {
        json.WriteNumber("lines", result.Lines);
        json.WriteStartObject("events");
        foreach ((DmaTraceEventKind kind, long count) in result.Events)
        {
            json.WriteNumber(DmaTraceNames.Of(kind), count);
        }

        json.WriteEndObject();
        json.WriteNumber("otherEvents", result.OtherEvents);
        json.WriteNumber("losses", result.Losses);
        json.WriteNumber("lostEvents", result.LostEvents);
        json.WriteNumber("races", result.Races);
        json.WriteString("stopped", result.Stopped);
        json.WriteNumber("badLineCount", result.BadLines);
        json.WriteStartArray("badLines");
        foreach ((long line, string problem) in result.Problems)
        {
            json.WriteStartObject();
            json.WriteNumber("line", line);
            json.WriteString("problem", problem);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
