// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>A queue in guest memory that the hardware works, as the driver provides it. Disposing it takes the queue from the hardware.</summary>
public interface IHardwareQueue : IDisposable
{
    /// <summary>The index of the queue of the same kind that must outlive this one; null for none.</summary>
    uint? NeedsIndex { get; }
}
