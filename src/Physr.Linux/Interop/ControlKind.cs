// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What a control message has (<c>sys/socket.h</c>).</summary>
internal enum ControlKind
{
    /// <summary>Descriptors.</summary>
    SCM_RIGHTS = 1,
}
