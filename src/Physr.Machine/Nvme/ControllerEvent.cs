// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme;

/// <summary>What the controller asks its clock for.</summary>
internal enum ControllerEvent
{
    /// <summary>CC.EN was set a while ago.</summary>
    Enabled,

    /// <summary>CC.EN was cleared.</summary>
    Disabled,

    /// <summary>CC.SHN was set a while ago.</summary>
    ShutDown,

    /// <summary>Commands may be waiting in queues.</summary>
    Arbitrate,

    /// <summary>The host made room in a completion queue; the argument names it.</summary>
    Drain,

    /// <summary>A completion entry has reached its queue; the argument names the queue.</summary>
    Interrupt,

    /// <summary>A submission entry has arrived; the argument names the command, here and below.</summary>
    Decode,

    /// <summary>The next PRP list or SGL segment is to be read.</summary>
    ReadList,

    /// <summary>All data pointers are known.</summary>
    PointersKnown,

    /// <summary>The next piece is to be moved.</summary>
    Transfer,

    /// <summary>The command has ended.</summary>
    Complete,
}
