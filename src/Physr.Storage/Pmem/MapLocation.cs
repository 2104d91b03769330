// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <summary>Where the page descriptors of a namespace lie. The values are those of its info block.</summary>
public enum MapLocation
{
    /// <summary>In RAM (<c>map=mem</c>).</summary>
    Ram = 1,

    /// <summary>In the namespace itself (<c>map=dev</c>): less capacity, no RAM.</summary>
    Device = 2,
}
