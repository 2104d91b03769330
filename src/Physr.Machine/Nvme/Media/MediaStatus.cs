// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Media;

/// <summary>How an access to the media ended.</summary>
public enum MediaStatus
{
    /// <summary>As asked.</summary>
    Success = 0,

    /// <summary>The bytes cannot be read (status Unrecovered Read Error).</summary>
    ReadError = 1,

    /// <summary>The bytes could not be stored (status Write Fault).</summary>
    WriteFault = 2,

    /// <summary>The media is read-only (status Namespace is Write Protected).</summary>
    WriteProtected = 3,
}
