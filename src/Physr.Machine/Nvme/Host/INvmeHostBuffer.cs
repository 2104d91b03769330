// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Host;

/// <summary>Memory that the processor and the controller share. Disposal gives it back.</summary>
public interface INvmeHostBuffer : IDisposable
{
    /// <summary>The bytes as the processor sees them.</summary>
    Span<byte> Bytes { get; }

    /// <summary>Where the controller finds them; 4 KiB aligned.</summary>
    DmaAddress Address { get; }
}
