// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tracing;

/// <summary>What trace events are called in a trace.</summary>
public static class DmaTraceNames
{
    /// <summary>The name of an event: <c>dma_map_phys</c>.</summary>
    public static string Of(DmaTraceEventKind kind) => kind == DmaTraceEventKind.None ? "" : DmaTraceFormat.Of(kind).Name;

    /// <summary>The event of a name; <see cref="DmaTraceEventKind.None"/> for any other.</summary>
    public static DmaTraceEventKind KindOf(string name) => DmaTraceFormat.ByName.TryGetValue(name, out DmaTraceFormat.Entry? entry) ? entry.Kind : DmaTraceEventKind.None;
}
