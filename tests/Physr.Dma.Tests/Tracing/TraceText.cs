// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Dma.Debugging;
using Physr.Dma.Tracing;

namespace Physr.Dma.Tests.Tracing;

/// <summary>Traces as text.</summary>
internal static class TraceText
{
    /// <summary>Events of task 1 on processor 0, a microsecond apart.</summary>
    public static string Of(params string[] events) =>
        string.Concat(events.Select(static (text, i) => $"            cat-1       [000] ..... {10 + (i / 1_000_000)}.{i % 1_000_000:000000}: {text}\n"));

    public static DmaTraceResult Check(string text, DmaTraceCheckOptions? options = null) => DmaTraceChecker.Check(new MemoryStream(Encoding.UTF8.GetBytes(text)), options);

    public static DmaTraceResult CheckEvents(params string[] events) => Check(Of(events));

    public static IEnumerable<DmaDebugError> Errors(this IEnumerable<DmaTraceFinding> findings) => findings.Select(static finding => finding.Report.Error);

    public static string Map(ulong address, ulong size = 4096, ulong? memory = null, string device = "d", string direction = "TO_DEVICE") =>
        $"dma_map_phys: {device} dir={direction} dma_addr={address:x} size={size} phys_addr={memory ?? address + 0x100000:x} attrs=";

    public static string Unmap(ulong address, ulong size = 4096, string device = "d", string direction = "TO_DEVICE") =>
        $"dma_unmap_phys: {device} dir={direction} dma_addr={address:x} size={size} attrs=";
}
