// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd;

/// <summary>A device bound to a context (<c>struct iommufd_device</c>): it can be attached to address spaces and page tables.</summary>
public sealed partial class IommufdDevice : IommufdObject
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, HardwarePageTable> _attached = [];
    private bool _unbound;

    internal IommufdDevice(IommufdContext context, uint id, IIommuDevice hardware)
        : base(context, IommufdObjectKind.Device, id) => Hardware = hardware;

    /// <summary>The device itself.</summary>
    public IIommuDevice Hardware { get; }

    /// <inheritdoc/>
    internal override bool IsHeldByOwner => true;

    /// <summary>What one of its address spaces is translated by; null where it is blocked.</summary>
    public HardwarePageTable? AttachedTo(uint pasid = 0)
    {
        lock (_lock)
        {
            return _attached.GetValueOrDefault(pasid);
        }
    }

    /// <summary>Detaches it from everything and forgets it; a virtual device made of it goes too, and its id stays unused (row R71). Calls under way are waited for.</summary>
    public void Unbind()
    {
        lock (_lock)
        {
            if (_unbound)
            {
                return;
            }

            _unbound = true;
            foreach (uint pasid in _attached.Keys.ToArray())
            {
                DetachLocked(pasid);
            }
        }

        AnswerCancelled();
        BuryVirtualDevice();
        Retire();
        Context.End(this);
    }

    /// <inheritdoc/>
    internal override void Release()
    {
    }
}
