// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Physr.Cli;

/// <summary>The JSON of <c>physr memmap</c>: one object. Addresses are hexadecimal strings, since 64 bits do not fit in every reader's numbers.</summary>
internal static class MemmapCommandJson
{
    internal static void Write(TextWriter output, MemmapCommandSource source, IReadOnlyList<MemmapCommandRow> rows)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteBoolean("addressesHidden", source.AddressesHidden);
            json.WriteStartArray("ranges");
            foreach (MemmapCommandRow row in rows)
            {
                json.WriteStartObject();
                json.WriteString("start", $"{row.Range.Start}");
                json.WriteString("end", $"{row.Range.Last}");
                json.WriteString("name", row.Name);
                json.WriteNumber("depth", row.Depth);
                json.WriteString("provider", row.Provider);
                json.WriteString("type", row.Type.Length == 0 ? null : row.Type);
                if (row.DescriptorBytes is { } bytes)
                {
                    json.WriteNumber("descriptorBytes", bytes);
                }
                else
                {
                    json.WriteNull("descriptorBytes");
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("notes");
            foreach (string note in source.Notes)
            {
                json.WriteStringValue(note);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
    }
}
