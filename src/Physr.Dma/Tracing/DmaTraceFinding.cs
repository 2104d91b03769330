// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;

namespace Physr.Dma.Tracing;

/// <summary>A mistake found in a trace.</summary>
/// <param name="Line">The line, from 1; 0 for one of the end.</param>
/// <param name="Time">When, in nanoseconds; negative where the line does not say.</param>
/// <param name="Report">The mistake.</param>
/// <param name="Times">How often the same class came for the same device, this one included.</param>
public sealed record DmaTraceFinding(long Line, long Time, DmaDebugReport Report, long Times);
