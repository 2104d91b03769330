// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Tests.Storms;

/// <summary>Mapped bytes that lie together both in memory and on the device's bus.</summary>
/// <param name="Memory">Whose bytes.</param>
/// <param name="Offset">Where in it.</param>
/// <param name="Addresses">As the device names them.</param>
/// <param name="IsBusAddress">Whether no IOMMU sees them.</param>
internal readonly record struct StormPiece(StormMemory Memory, ulong Offset, DmaRange Addresses, bool IsBusAddress);
