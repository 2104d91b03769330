// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Dma.Debugging;

namespace Physr.Dma.Tracing;

/// <summary>Writes what a debugger is fed as the kernel's tracer would, so that it can be checked elsewhere: <see cref="DmaDebugOptions.Recorder"/>. What the kernel does not
/// trace (questions after errors, device accesses, revocations, two-step mapping) becomes events of Physr's own.</summary>
/// <remarks>Not disposed of with the debugger; the text writer stays the caller's. A failure to write is thrown to whoever called the mapper.</remarks>
public sealed partial class DmaTraceWriter : IDmaDebugRecorder
{
    private readonly TextWriter _text;
    private readonly Func<TimeSpan>? _clock;
    private readonly StringBuilder _line = new(256);
    private long _lines;

    /// <summary>Begins a trace.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="clock">The time since start; null counts a microsecond for each line, so that the same run gives the same trace.</param>
    public DmaTraceWriter(TextWriter text, Func<TimeSpan>? clock = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        _text = text;
        _clock = clock;
        text.Write("# tracer: nop\n");
        Begin(DmaTraceEventKind.Header, "physr");
        End();
    }

    /// <inheritdoc/>
    public void DeviceSeen(DmaDevice device)
    {
        Begin(DmaTraceEventKind.Device, device);
        _line.Append($" mask={device.Mask:x} max_segment={device.Limits.MaxSegmentSize} boundary={device.Limits.BoundaryMask:x}");
        End();
    }

    /// <inheritdoc/>
    public void DriverBound(DmaDevice device, string driver)
    {
        Begin(DmaTraceEventKind.Bind, device);
        _line.Append($" driver={driver}");
        End();
    }

    /// <inheritdoc/>
    public void DriverUnbound(DmaDevice device)
    {
        Begin(DmaTraceEventKind.Unbind, device);
        End();
    }

    /// <inheritdoc/>
    public void MemoryClassified(PhysicalRange range, DmaMemoryKinds kinds)
    {
        Begin(DmaTraceEventKind.Memory, "memory");
        _line.Append($" kinds={(int)kinds:x} phys_addr={range.Start.Value:x} size={range.Length}");
        End();
    }

    /// <inheritdoc/>
    public void Mapped(in DmaDebugMapping mapping, ulong cpuAddress)
    {
        DmaTraceEventKind kind = mapping.Kind switch
        {
            DmaMapKind.Page => DmaTraceEventKind.MapPage,
            DmaMapKind.Physical => DmaTraceEventKind.MapPhys,
            DmaMapKind.Resource => DmaTraceEventKind.MapResource,
            DmaMapKind.Coherent => DmaTraceEventKind.Alloc,
            DmaMapKind.Noncoherent => DmaTraceEventKind.AllocPages,
            _ => DmaTraceEventKind.AllocTable,
        };
        Begin(kind, mapping.Device);
        _line.Append($" dir={DmaTraceFormat.WordOf(mapping.Direction)} dma_addr={mapping.Range.Start.Value:x} size={mapping.Range.Length}");
        switch (kind)
        {
            case DmaTraceEventKind.Alloc or DmaTraceEventKind.AllocPages:
                AppendCpuAddress(cpuAddress);
                _line.Append(" flags=GFP_KERNEL");
                break;
            case DmaTraceEventKind.AllocTable:
                _line.Append($" phys_addrs={{{(mapping.Memory is { } only ? $"0x{only.Value:x}" : "")}}} flags=GFP_KERNEL");
                break;
        }

        if (kind != DmaTraceEventKind.AllocTable && (mapping.Memory is not null || kind is DmaTraceEventKind.MapPage or DmaTraceEventKind.MapPhys or DmaTraceEventKind.MapResource))
        {
            _line.Append($" phys_addr={mapping.Memory?.Value ?? 0:x}");
        }

        AppendAttributes(mapping.Attributes);
        End();
    }

    /// <inheritdoc/>
    public void Unmapped(DmaDevice device, DmaMapKind kind, DmaAddress address, ulong length, DmaDirection direction, DmaAttributes? attributes, ulong cpuAddress)
    {
        DmaTraceEventKind written = kind switch
        {
            DmaMapKind.Page => DmaTraceEventKind.UnmapPage,
            DmaMapKind.Physical => DmaTraceEventKind.UnmapPhys,
            DmaMapKind.Resource => DmaTraceEventKind.UnmapResource,
            DmaMapKind.Coherent => DmaTraceEventKind.Free,
            DmaMapKind.Noncoherent => DmaTraceEventKind.FreePages,
            _ => DmaTraceEventKind.FreeTable,
        };
        Begin(written, device);
        _line.Append($" dir={DmaTraceFormat.WordOf(direction)} dma_addr={address.Value:x} size={length}");
        if (written is DmaTraceEventKind.Free or DmaTraceEventKind.FreePages)
        {
            AppendCpuAddress(cpuAddress);
        }

        AppendAttributes(attributes);
        End();
    }

    /// <inheritdoc/>
    public void UnmapRefused(DmaDevice device, DmaAddress address) => WriteAddress(DmaTraceEventKind.UnmapRefused, device, address);

    /// <inheritdoc/>
    public void MappingErrorChecked(DmaDevice device, DmaAddress address) => WriteAddress(DmaTraceEventKind.MappingError, device, address);

    /// <inheritdoc/>
    public void Synced(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction, bool isForCpu)
    {
        Begin(isForCpu ? DmaTraceEventKind.SyncForCpu : DmaTraceEventKind.SyncForDevice, device);
        _line.Append($" dir={DmaTraceFormat.WordOf(direction)} dma_addr={address.Value:x} size={length}");
        End();
    }

    /// <inheritdoc/>
    public void Accessed(DmaDevice device, DmaRange range, bool isWrite)
    {
        Begin(DmaTraceEventKind.Access, device);
        _line.Append($" dma_addr={range.Start.Value:x} size={range.Length} write={(isWrite ? 1 : 0)}");
        End();
    }

    /// <inheritdoc/>
    public void Revoked(DmaDevice device, DmaRange range)
    {
        Begin(DmaTraceEventKind.Revoke, device);
        _line.Append($" dma_addr={range.Start.Value:x} size={range.Length}");
        End();
    }

    /// <inheritdoc/>
    public void ReservationChanged(in DmaReservationEvent change)
    {
        Begin(DmaTraceEventKind.Reservation, change.Device);
        _line.Append($" step={(int)change.Step} dir={DmaTraceFormat.WordOf(change.Direction)} dma_addr={change.Address.Value:x} offset={change.Offset} size={change.Length}");
        _line.Append($" phys_addr={change.Memory.Value:x} done={(change.IsDone ? 1 : 0)}");
        AppendAttributes(change.Attributes);
        End();
    }

    private void WriteAddress(DmaTraceEventKind kind, DmaDevice device, DmaAddress address)
    {
        Begin(kind, device);
        _line.Append($" dma_addr={address.Value:x}");
        End();
    }

    private void Begin(DmaTraceEventKind kind, DmaDevice device) => Begin(kind, device.Name);

    private void Begin(DmaTraceEventKind kind, string device)
    {
        TimeSpan time = _clock?.Invoke() ?? TimeSpan.FromMicroseconds(_lines);
        _lines++;
        _line.Append($"           physr-1       [000] ..... {(long)time.TotalSeconds,5}.{time.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond:000000}: ");
        _line.Append($"{DmaTraceFormat.Of(kind).Name}: {device}");
    }

    // An address that nobody gave is written as the kernel writes one that it hides: it is there, but cannot be compared.
    private void AppendCpuAddress(ulong address)
    {
        if (address == 0)
        {
            _line.Append(" virt_addr=(ptrval)");
            return;
        }

        _line.Append($" virt_addr={address:x16}");
    }

    private void End()
    {
        _line.Append('\n');
        foreach (ReadOnlyMemory<char> chunk in _line.GetChunks())
        {
            _text.Write(chunk.Span);
        }

        _line.Clear();
    }
}
