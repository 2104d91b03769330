// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Checking;
using Physr.Dma.Sharing;
using Physr.Machine.Devices;
using Physr.Machine.Endpoint;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Slices;

/// <summary>One buffer that is lent, its bytes past all devices, and the replay that watches what is done to it.</summary>
internal sealed class SliceBuffer
{
    private readonly SparseMemory _memory;
    private readonly RevocableReplay _replay = new(default);

    public SliceBuffer(SliceBufferSpec spec, EndpointDevice device)
    {
        Spec = spec;
        _memory = device.MemoryOf(spec.Bar)!;
        Expected = new byte[spec.Length];
    }

    public SliceBufferSpec Spec { get; }

    /// <summary>Set once it is lent.</summary>
    public DmaBuf Shared { get; set; } = null!;

    /// <summary>What its bytes should be.</summary>
    public byte[] Expected { get; }

    public long ProtocolSteps => _replay.Steps;

    /// <summary>What was done to the buffer that the protocol does not allow; null where nothing was.</summary>
    public string? Unlawful { get; private set; }

    public void Follow(Physr.Dma.Sharing.Protocol.RevocableTraceEntry entry) => Unlawful ??= _replay.Follow(entry);

    public string? EndReplay() => Unlawful ?? _replay.End();

    /// <summary>The bytes as they are in the device.</summary>
    public byte[] Read()
    {
        byte[] bytes = new byte[Spec.Length];
        int at = 0;
        foreach (BarSlice slice in Spec.Slices)
        {
            _memory.Read(slice.Offset, bytes.AsSpan(at, (int)slice.Length));
            at += (int)slice.Length;
        }

        return bytes;
    }
}
