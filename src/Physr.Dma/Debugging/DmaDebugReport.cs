// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>One mistake found.</summary>
/// <param name="Error">Which.</param>
/// <param name="Device">Whose.</param>
/// <param name="Driver">The driver bound to it; null where nobody said.</param>
/// <param name="Address">Where, as the device counts; of a leak, its sample.</param>
/// <param name="Size">How many bytes the call or access was about; of a leak, all that leaked.</param>
/// <param name="Expected">What would have been right.</param>
/// <param name="Actual">What was done.</param>
/// <param name="Mapping">The mapping that it was done to, or the one in the way; null where there is none.</param>
/// <param name="Event">The number of the event in which it was found, from 1.</param>
/// <param name="IsUncertain">Whether events that the debugger never saw (lost ones, or those before it began) could explain it.</param>
public sealed record DmaDebugReport(
    DmaDebugError Error, DmaDevice Device, string? Driver, DmaAddress Address, ulong Size, string Expected, string Actual, DmaDebugMapping? Mapping, long Event,
    bool IsUncertain)
{
    /// <summary>What was done, without the device.</summary>
    public string Message => $"{DmaDebugWords.Of(Error)} [address {Address}] [{Actual}; expected {Expected}]";

    /// <summary>One line, in the manner of the kernel's log.</summary>
    public override string ToString() => $"dma-debug: {Driver ?? "(no driver)"} {Device}: {Message}";
}
