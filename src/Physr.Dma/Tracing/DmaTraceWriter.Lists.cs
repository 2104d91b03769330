// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;

namespace Physr.Dma.Tracing;

/// <content>Lists and attributes.</content>
public sealed partial class DmaTraceWriter
{
    /// <inheritdoc/>
    public void ListMapped(in DmaDebugList list)
    {
        Begin(DmaTraceEventKind.MapList, list.Device);
        int entries = Math.Max(list.AllEntries, list.Memory.Length);
        _line.Append($" dir={DmaTraceFormat.WordOf(list.Direction)} nents={list.Memory.Length}/{entries} ents={list.Segments.Length}/{list.Segments.Length}");
        AppendSegments(list.Segments);
        AppendMemory(list.Memory);
        AppendAttributes(list.Attributes);
        _line.Append(list.AreCut ? "" : " cut=0");
        End();
    }

    /// <inheritdoc/>
    public void ListUnmapped(DmaDevice device, ReadOnlySpan<PhysicalAddress> memory, DmaDirection direction, DmaAttributes? attributes)
    {
        Begin(DmaTraceEventKind.UnmapList, device);
        _line.Append($" dir={DmaTraceFormat.WordOf(direction)}");
        AppendMemory(memory);
        AppendAttributes(attributes);
        End();
    }

    /// <inheritdoc/>
    public void ListSynced(DmaDevice device, ReadOnlySpan<DmaRange> segments, DmaDirection direction, bool isForCpu)
    {
        Begin(isForCpu ? DmaTraceEventKind.SyncListForCpu : DmaTraceEventKind.SyncListForDevice, device);
        _line.Append($" dir={DmaTraceFormat.WordOf(direction)}");
        AppendSegments(segments);
        End();
    }

    private void AppendSegments(ReadOnlySpan<DmaRange> segments)
    {
        _line.Append(" dma_addrs={");
        for (int i = 0; i < segments.Length; i++)
        {
            _line.Append($"{(i == 0 ? "" : ",")}0x{segments[i].Start.Value:x}");
        }

        _line.Append("} sizes={");
        for (int i = 0; i < segments.Length; i++)
        {
            _line.Append($"{(i == 0 ? "" : ",")}0x{segments[i].Length:x}");
        }

        _line.Append('}');
    }

    private void AppendMemory(ReadOnlySpan<PhysicalAddress> memory)
    {
        _line.Append(" phys_addrs={");
        for (int i = 0; i < memory.Length; i++)
        {
            _line.Append($"{(i == 0 ? "" : ",")}0x{memory[i].Value:x}");
        }

        _line.Append('}');
    }

    /// <summary>A call that says nothing of attributes has no field for them.</summary>
    private void AppendAttributes(DmaAttributes? attributes)
    {
        if (attributes is not { } said)
        {
            return;
        }

        _line.Append(" attrs=");
        bool isFirst = true;
        foreach ((string word, DmaAttributes attribute) in DmaTraceFormat.AttributeWords)
        {
            if (said.HasFlag(attribute))
            {
                _line.Append(isFirst ? "" : "|").Append(word);
                isFirst = false;
            }
        }
    }
}
