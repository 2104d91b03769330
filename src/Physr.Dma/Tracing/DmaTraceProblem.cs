// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tracing;

/// <summary>Why a line does not read well.</summary>
public enum DmaTraceProblem
{
    /// <summary>It does.</summary>
    None,

    /// <summary>It has no task, processor and time before an event.</summary>
    NoPrefix,

    /// <summary>The time is not followed by the name of an event and a colon.</summary>
    NoEventName,

    /// <summary>The event names no device.</summary>
    NoDevice,

    /// <summary>A field is missing.</summary>
    MissingField,

    /// <summary>A field's value is no number.</summary>
    BadNumber,

    /// <summary>A direction that nothing can be mapped for.</summary>
    BadDirection,

    /// <summary>An array that does not end, or holds something but numbers.</summary>
    BadArray,

    /// <summary>As many addresses as sizes are needed.</summary>
    UnequalArrays,

    /// <summary>Address and size leave the address space.</summary>
    BeyondAddressSpace,

    /// <summary>The tool that printed the line could not read the event.</summary>
    FailedToParse,

    /// <summary>The trace names more devices than any machine has.</summary>
    TooManyDevices,

    /// <summary>The line is longer than any that a tracer prints.</summary>
    TooLong,
}
