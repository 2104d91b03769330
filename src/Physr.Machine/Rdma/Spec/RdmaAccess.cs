// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma.Spec;

/// <summary>What may be done to a memory region. Local reading always may. Values are <c>enum ibv_access_flags</c>'s.</summary>
[Flags]
public enum RdmaAccess : uint
{
    /// <summary>Local reading alone.</summary>
    None = 0,

    /// <summary>The device may write it for local work requests.</summary>
    LocalWrite = 1,

    /// <summary>The other end may write it; needs <see cref="LocalWrite"/>.</summary>
    RemoteWrite = 2,

    /// <summary>The other end may read it.</summary>
    RemoteRead = 4,
}
