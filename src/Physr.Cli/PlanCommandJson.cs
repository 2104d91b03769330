// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Physr.Storage.Pmem;

namespace Physr.Cli;

/// <summary>The JSON of <c>physr plan</c>: one object; sizes in bytes.</summary>
internal static class PlanCommandJson
{
    /// <summary>One plan, and beside it all choices.</summary>
    public static string Of(DescriptorPlan plan) => Write(json =>
    {
        json.WriteStartObject();
        WritePlan(json, plan);
        json.WriteStartArray("choices");
        foreach (DescriptorChoice choice in plan.Choices)
        {
            json.WriteStartObject();
            json.WriteString("name", choice.Name);
            json.WriteBoolean("chosen", choice.IsChosen);
            json.WriteBoolean("possible", choice.IsPossible);
            json.WriteNumber("ramBytes", choice.RamBytes);
            json.WriteNumber("deviceBytes", choice.DeviceBytes);
            json.WriteNumber("usableBytes", choice.UsableBytes);
            json.WriteNumber("wasteBytes", choice.WasteBytes);
            json.WriteString("why", choice.Why);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>All memories of a scenario.</summary>
    public static string Of(IReadOnlyList<PlanCommandMemory> memories) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("memories");
        foreach (PlanCommandMemory memory in memories)
        {
            json.WriteStartObject();
            json.WriteString("name", memory.Name);
            WritePlan(json, memory.Plan);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static void WritePlan(Utf8JsonWriter json, DescriptorPlan plan)
    {
        json.WriteString("type", PlanCommand.NameOf(plan.Request.Memory));
        json.WriteNumber("size", plan.Request.Size);
        json.WriteNumber("descriptorBytes", plan.Chosen.DescriptorBytes);
        json.WriteNumber("usableBytes", plan.Chosen.UsableBytes);
        json.WriteNumber("wasteBytes", plan.Chosen.WasteBytes);
        json.WriteStartArray("notes");
        foreach (string note in plan.Notes)
        {
            json.WriteStringValue(note);
        }

        json.WriteEndArray();
    }

    private static string Write(Action<Utf8JsonWriter> write)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)) + "\n";
    }
}
