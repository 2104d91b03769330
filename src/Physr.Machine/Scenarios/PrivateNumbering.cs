// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>How pages are numbered that the CPU cannot address.</summary>
public enum PrivateNumbering
{
    /// <summary>In a space of offsets of their own (row R16b).</summary>
    OffsetSpace,

    /// <summary>By a physical range that is made up, as the kernel does (row R14); memory that is added later can collide with it.</summary>
    PhysicalRange,
}
