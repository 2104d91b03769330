// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Spec;

/// <summary>Asynchronous event types (NVMe Base Specification 2.0, figure 144).</summary>
public enum AsynchronousEventType : byte
{
    /// <summary>Error events; the log is Error Information.</summary>
    Error = 0,

    /// <summary>SMART / health events; the log is SMART.</summary>
    Health = 1,

    /// <summary>Notices.</summary>
    Notice = 2,
}
