// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>A step of two-step mapping.</summary>
/// <param name="Step">Which.</param>
/// <param name="Device">Whose reservation.</param>
/// <param name="Address">Its first address.</param>
/// <param name="Offset">Where in it, in bytes; 0 for the whole.</param>
/// <param name="Length">How many bytes.</param>
/// <param name="Memory">What is linked.</param>
/// <param name="Direction">Which way the bytes may go.</param>
/// <param name="Attributes">What else was said.</param>
/// <param name="IsDone">Whether the mapper did it; the call is checked even where it refused.</param>
public readonly record struct DmaReservationEvent(
    DmaReservationStep Step, DmaDevice Device, DmaAddress Address, ulong Offset, ulong Length, PhysicalAddress Memory = default,
    DmaDirection Direction = DmaDirection.Bidirectional, DmaAttributes Attributes = DmaAttributes.None, bool IsDone = true);
