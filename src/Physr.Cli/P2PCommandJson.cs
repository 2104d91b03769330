// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Physr.Dma;
using Physr.Pci.Routing;
using Physr.Pci.Sources;
using Physr.Pci.Topology;

namespace Physr.Cli;

/// <summary>The JSON of <c>physr p2p</c>: one object.</summary>
internal static class P2PCommandJson
{
    /// <summary>Bytes kept before they go out: a host of hundreds of functions has tens of megabytes of verdicts.</summary>
    private const int FlushAt = 1 << 16;

    internal static void Write(TextWriter output, PciSnapshot snapshot, P2PRouter router, IEnumerable<P2PVerdict> verdicts)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("kernel", $"{router.Rules.Release}");
            json.WriteStartArray("pairs");
            foreach (P2PVerdict verdict in verdicts)
            {
                WritePair(json, verdict);
                if (json.BytesPending > FlushAt)
                {
                    json.Flush();
                    Drain(buffer, output);
                }
            }

            json.WriteEndArray();
            json.WriteStartArray("notes");
            foreach (PciDiagnostic diagnostic in snapshot.NotesFor(router.Rules))
            {
                json.WriteStringValue(diagnostic.ToString());
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        Drain(buffer, output);
        output.WriteLine();
    }

    internal static string Name(P2PMapType type) => type switch
    {
        P2PMapType.BusAddress => "busAddress",
        P2PMapType.ThroughHostBridge => "throughHostBridge",
        _ => "notSupported",
    };

    private static void WritePair(Utf8JsonWriter json, P2PVerdict verdict)
    {
        json.WriteStartObject();
        json.WriteString("provider", $"{verdict.Provider}");
        json.WriteString("client", $"{verdict.Client}");
        json.WriteString("verdict", Name(verdict.MapType));
        json.WriteNumber("distance", verdict.Distance);
        json.WriteNumber("pathDistance", verdict.PathDistance);
        json.WriteBoolean("assumed", verdict.Route.IsAssumed);
        WriteTexts(json, "acsRedirects", verdict.AcsRedirects);
        WriteTexts(json, "reasons", verdict.Reasons);
        WriteTexts(json, "remedies", verdict.Remedies);
        json.WriteEndObject();
    }

    private static void WriteTexts<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items)
        where T : notnull
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            json.WriteStringValue(item.ToString());
        }

        json.WriteEndArray();
    }

    private static void Drain(MemoryStream buffer, TextWriter output)
    {
        output.Write(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
        buffer.SetLength(0);
    }
}
