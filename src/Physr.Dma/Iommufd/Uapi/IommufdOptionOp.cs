// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>What to do with a setting (<c>enum iommufd_option_ops</c>).</summary>
public enum IommufdOptionOp : uint
{
    /// <summary>Set it.</summary>
    Set = 0,

    /// <summary>Read it.</summary>
    Get = 1,
}
