// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Spec;

/// <summary>SGL descriptor types (NVMe Base Specification 2.0, figure 89).</summary>
public enum SglType : byte
{
    /// <summary>Bytes at an address.</summary>
    DataBlock = 0x0,

    /// <summary>Bytes that are dropped.</summary>
    BitBucket = 0x1,

    /// <summary>More descriptors; another segment follows them.</summary>
    Segment = 0x2,

    /// <summary>More descriptors, the last.</summary>
    LastSegment = 0x3,
}
