// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme;

/// <summary>Contiguous bytes of a command's data, as the host addresses them.</summary>
/// <param name="Address">The first byte; meaningless in a bit bucket.</param>
/// <param name="Length">Bytes, not zero.</param>
/// <param name="IsBitBucket">Whether the bytes are dropped.</param>
internal readonly record struct DataSegment(DmaAddress Address, ulong Length, bool IsBitBucket);
