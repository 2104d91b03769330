// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>A use of an object that ends with the block it is made in, also where that is left by an exception of somebody's memory or device.</summary>
internal readonly ref struct ObjectUse(IommufdObject? used)
{
    /// <summary>Whether the object is used; false where it was gone.</summary>
    public bool IsHeld => used is not null;

    /// <summary>Ends the use.</summary>
    public void Dispose() => used?.EndUse();
}
