// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Physr.Machine.Reports;

namespace Physr.Cli.Rendering;

/// <summary>A run as one JSON object. Members keep their order; two runs of one seed differ in <c>wallSeconds</c> alone.</summary>
public static partial class RunReportJson
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The object, indented, without a line end behind it.</summary>
    public static string Write(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Options))
        {
            json.WriteStartObject();
            json.WriteString("scenario", report.Scenario);
            json.WriteNumber("seed", report.Seed);
            json.WriteBoolean("verified", report.Verified);
            json.WriteNumber("leaks", report.Leaks);
            json.WriteStartArray("routes");
            foreach (RouteReport route in report.Routes)
            {
                WriteRoute(json, route);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    private static void WriteRoute(Utf8JsonWriter json, RouteReport route)
    {
        json.WriteStartObject();
        json.WriteString("name", route.Name);
        json.WriteString("verdict", route.Verdict);
        json.WriteStartArray("reasons");
        foreach (string reason in route.Reasons)
        {
            json.WriteStringValue(reason);
        }

        json.WriteEndArray();
        json.WriteNumber("payloadBytes", route.PayloadBytes);
        json.WriteNumber("dramBytes", route.DramBytes);
        WriteLinks(json, route.Links);
        json.WriteNumber("rangeEntries", route.RangeEntries);
        json.WriteNumber("rangeBytes", route.RangeBytes);
        json.WriteNumber("pageDescriptors", route.PageDescriptors);
        json.WriteNumber("descriptorBytes", route.DescriptorBytes);
        WriteReal(json, "estimatedSeconds", route.EstimatedSeconds);
        json.WriteString("bottleneck", route.Bottleneck);
        WriteReal(json, "wallSeconds", route.WallSeconds);
        json.WriteString("sha256", route.Sha256);
        json.WriteString("provider", route.Provider);
        json.WriteBoolean("fellBack", route.FellBack);
        json.WriteNumber("dramControlBytes", route.DramControlBytes);
        json.WriteBoolean("verified", route.Verified);
        json.WriteNumber("leaks", route.Leaks);
        if (route.Iommu is { } iommu)
        {
            WriteIommu(json, iommu);
        }

        if (route.BounceBytes is { } bounced)
        {
            json.WriteNumber("bounceBytes", bounced);
        }

        if (route.Slices is { } slices)
        {
            WriteSlices(json, slices);
        }

        if (route.Storage is { } storage)
        {
            WriteStorage(json, storage);
        }

        if (route.Unaddressable is { } process)
        {
            WriteUnaddressable(json, process);
        }

        WriteTransfers(json, route.Transfers);
        json.WriteEndObject();
    }

    private static void WriteIommu(Utf8JsonWriter json, IommuReport iommu)
    {
        json.WriteStartObject("iommu");
        json.WriteString("mode", iommu.Mode);
        json.WriteNumber("iovaBytes", iommu.IovaBytes);
        json.WriteNumber("iovaRuns", iommu.IovaRuns);
        json.WriteNumber("flushes", iommu.Flushes);
        json.WriteNumber("invalidations", iommu.Invalidations);
        json.WriteNumber("iotlbHits", iommu.IotlbHits);
        json.WriteNumber("iotlbMisses", iommu.IotlbMisses);
        json.WriteNumber("tablePages", iommu.TablePages);
        json.WriteNumber("faults", iommu.Faults);
        json.WriteEndObject();
    }

    private static void WriteSlices(Utf8JsonWriter json, SlicesReport slices)
    {
        json.WriteStartObject("slices");
        json.WriteNumber("buffers", slices.Buffers);
        json.WriteNumber("slices", slices.Slices);
        json.WriteNumber("sliceBytes", slices.SliceBytes);
        json.WriteNumber("spanBytes", slices.SpanBytes);
        json.WriteNumber("importers", slices.Importers);
        json.WriteNumber("mappings", slices.Mappings);
        json.WriteNumber("revokes", slices.Revokes);
        json.WriteNumber("inFlight", slices.InFlight);
        json.WriteNumber("protocolSteps", slices.ProtocolSteps);
        json.WriteNumber("refusedMappings", slices.RefusedMappings);
        json.WriteStartArray("refusedAccesses");
        foreach (RefusedAccess access in slices.RefusedAccesses)
        {
            json.WriteStartObject();
            json.WriteString("importer", access.Importer);
            json.WriteString("buffer", access.Buffer);
            json.WriteString("access", access.Access);
            json.WriteString("status", access.Status);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteLinks(Utf8JsonWriter json, IReadOnlyList<LinkBytes> links)
    {
        json.WriteStartArray("links");
        foreach (LinkBytes link in links)
        {
            json.WriteStartObject();
            json.WriteString("from", link.From);
            json.WriteString("to", link.To);
            json.WriteNumber("bytes", link.Bytes);
            json.WriteNumber("controlBytes", link.ControlBytes);
            WriteReal(json, "utilization", link.Utilization);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTransfers(Utf8JsonWriter json, IReadOnlyList<TransferReport> transfers)
    {
        json.WriteStartArray("transfers");
        foreach (TransferReport transfer in transfers)
        {
            json.WriteStartObject();
            json.WriteString("name", transfer.Name);
            json.WriteNumber("bytes", transfer.Bytes);
            json.WriteString("sha256", transfer.Sha256);
            json.WriteBoolean("verified", transfer.Verified);
            json.WriteString("error", transfer.Error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // JSON has no infinity and no NaN; a route that moved nothing may have either.
    private static void WriteReal(Utf8JsonWriter json, string name, double value) => json.WriteNumber(name, double.IsFinite(value) ? value : 0);
}
