// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

public sealed partial class IoAddressSpace
{
    /// <summary>Whether any byte of a range is mapped.</summary>
    internal bool HasMappings(ulong first, ulong last)
    {
        _areasLock.EnterShared();
        bool has = _space.Areas.Overlaps(first, last);
        _areasLock.ExitShared();
        return has;
    }
}
