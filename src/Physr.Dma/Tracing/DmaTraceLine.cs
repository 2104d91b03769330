// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tracing;

/// <summary>What a line of a trace turned out to be.</summary>
public enum DmaTraceLine
{
    /// <summary>Nothing, a comment, a header, or a line of a stack trace.</summary>
    Nothing,

    /// <summary>A DMA event.</summary>
    Event,

    /// <summary>Another event, of no concern here.</summary>
    OtherEvent,

    /// <summary>A note that events were lost.</summary>
    Loss,

    /// <summary>None of these, or a DMA event that does not read well.</summary>
    Garbage,
}
