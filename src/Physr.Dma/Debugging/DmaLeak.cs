// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>What one device has mapped still (row R90d).</summary>
/// <param name="Device">Whose.</param>
/// <param name="Driver">The driver bound to it; null where nobody said.</param>
/// <param name="Count">Mappings; a list counts once for each of its segments, a reservation once besides its links.</param>
/// <param name="Bytes">Bytes in them; a reservation's own are not counted beside its links'.</param>
/// <param name="Sample">The oldest.</param>
public sealed record DmaLeak(DmaDevice Device, string? Driver, int Count, ulong Bytes, DmaDebugMapping Sample)
{
    /// <summary>One line.</summary>
    public override string ToString() => $"{Device}: {Count} mapped, {Bytes} bytes; for one {Sample}";
}
