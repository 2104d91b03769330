// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>A queue in guest memory that the hardware works on its own (<c>struct iommufd_hw_queue</c>). While it lives its memory stays pinned and cannot be unmapped
/// from the nesting parent.</summary>
public sealed class HardwareQueue : IommufdObject
{
    private readonly IHardwareQueue _hardware;
    private readonly IDisposable _memory;
    private readonly HardwareQueue? _needed;

    internal HardwareQueue(IommufdContext context, uint id, VirtualIommu viommu, in HardwareQueueRequest request, IHardwareQueue hardware, IDisposable memory, HardwareQueue? needed)
        : base(context, IommufdObjectKind.HardwareQueue, id)
    {
        VirtualIommu = viommu;
        Type = request.Type;
        Index = request.Index;
        Memory = request.Memory;
        _hardware = hardware;
        _memory = memory;
        _needed = needed;
    }

    /// <summary>Whose queue.</summary>
    public VirtualIommu VirtualIommu { get; }

    /// <summary>Its kind.</summary>
    public uint Type { get; }

    /// <summary>Which of that kind.</summary>
    public uint Index { get; }

    /// <summary>Where it is.</summary>
    public PhysicalRange Memory { get; }

    /// <inheritdoc/>
    internal override void Release()
    {
        _hardware.Dispose();
        _memory.Dispose();
        VirtualIommu.Abandon(Type, Index);
        _needed?.EndUse();
        VirtualIommu.EndUse();
    }
}
