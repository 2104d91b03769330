// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd;

public sealed partial class IommufdDevice
{
    /// <summary>PASIDs that are attached, lowest first.</summary>
    public IReadOnlyList<uint> AttachedPasids
    {
        get
        {
            lock (_lock)
            {
                return [.. _attached.Keys.Where(static pasid => pasid != 0).Order()];
            }
        }
    }

    /// <summary>Whether a table may be attached beside what is attached: once PASIDs are used, everything the device is attached to has to be able to serve them,
    /// its own address space's table too, since that one then holds the PASID table.</summary>
    private bool FitsPasids(HardwarePageTable table, uint pasid)
    {
        bool fits = table.Flags.HasFlag(IommuDomainFlags.Pasid);
        return pasid == 0
            ? fits || !_attached.Keys.Any(static attached => attached != 0)
            : fits && (!_attached.TryGetValue(0, out HardwarePageTable? own) || own.Flags.HasFlag(IommuDomainFlags.Pasid));
    }
}
