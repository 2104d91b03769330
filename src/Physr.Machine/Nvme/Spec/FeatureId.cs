// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Spec;

/// <summary>Feature identifiers (NVMe Base Specification 2.0, figure 317).</summary>
public enum FeatureId : byte
{
    /// <summary>Arbitration burst and weights.</summary>
    Arbitration = 0x01,

    /// <summary>Power state.</summary>
    PowerManagement = 0x02,

    /// <summary>Temperature threshold, in kelvin.</summary>
    TemperatureThreshold = 0x04,

    /// <summary>Error recovery.</summary>
    ErrorRecovery = 0x05,

    /// <summary>Whether writes may complete before they are durable.</summary>
    VolatileWriteCache = 0x06,

    /// <summary>I/O queues allocated, 0-based: submission in bits 15 to 0, completion above.</summary>
    NumberOfQueues = 0x07,

    /// <summary>Interrupt coalescing.</summary>
    InterruptCoalescing = 0x08,

    /// <summary>Coalescing per vector.</summary>
    InterruptVectorConfiguration = 0x09,

    /// <summary>Write atomicity.</summary>
    WriteAtomicity = 0x0A,

    /// <summary>Which asynchronous events are reported.</summary>
    AsynchronousEventConfiguration = 0x0B,
}
