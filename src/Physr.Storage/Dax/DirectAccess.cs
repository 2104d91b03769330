// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>What somebody wants the ranges of a DAX device for.</summary>
public enum DirectAccess
{
    /// <summary>To read them, by CPU or DMA.</summary>
    Read = 0,

    /// <summary>To write them past the device: allowed where a byte has one home, refused where it has copies or parity beside it.</summary>
    Write,
}
