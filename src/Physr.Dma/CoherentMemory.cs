// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma;

/// <summary>RAM that a device and the CPU both see at once, until it is disposed (<c>dma_alloc_coherent</c>).</summary>
public sealed class CoherentMemory : IDisposable
{
    private Action? _release;

    /// <summary>Told before the memory is given back: what wears the mapper listens here.</summary>
    internal Action<CoherentMemory>? BeforeFree { get; set; }

    internal CoherentMemory(DmaDevice device, PhysicalRange range, DmaAddress address, Action release)
    {
        Device = device;
        Range = range;
        Address = address;
        _release = release;
    }

    /// <summary>Whose memory it is.</summary>
    public DmaDevice Device { get; }

    /// <summary>The bytes, as the CPU names them.</summary>
    public PhysicalRange Range { get; }

    /// <summary>The first byte, as the device names it.</summary>
    public DmaAddress Address { get; }

    /// <summary>Gives it back; a second call does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _release, null) is { } release)
        {
            BeforeFree?.Invoke(this);
            release();
        }
    }
}
