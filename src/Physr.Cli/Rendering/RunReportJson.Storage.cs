// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.Json;
using Physr.Machine.Reports;

namespace Physr.Cli.Rendering;

/// <content>What became of a file on an array.</content>
public static partial class RunReportJson
{
    private static void WriteStorage(Utf8JsonWriter json, StorageReport storage)
    {
        json.WriteNumber("level", storage.Level);
        json.WriteNumber("members", storage.Members);
        json.WriteNumber("arrayBytes", storage.ArrayBytes);
        json.WriteStartObject("descriptorsByStage");
        foreach (StageDescriptors stage in storage.DescriptorsByStage)
        {
            json.WriteNumber(stage.Stage, stage.Descriptors);
        }

        json.WriteEndObject();
        json.WriteNumber("rebuiltBytes", storage.RebuiltBytes);
        json.WriteNumber("mismatches", storage.Mismatches);
        json.WriteString("persistence", storage.Persistence);
        json.WriteStartObject("found");
        json.WriteString("state", storage.Found);
        json.WriteNumber("files", storage.FoundFiles);
        json.WriteEndObject();
    }
}
