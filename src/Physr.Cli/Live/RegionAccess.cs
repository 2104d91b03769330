// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli.Live;

/// <summary>What is done with a region's file.</summary>
public enum RegionAccess
{
    /// <summary>It is there, and stays as it is.</summary>
    Read = 0,

    /// <summary>It is there, and is stored to.</summary>
    Write,

    /// <summary>It is not there: it is made, full of zeros, and stored to.</summary>
    Create,
}
