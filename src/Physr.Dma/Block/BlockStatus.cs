// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Block;

/// <summary>How a block request ended, in the block layer's words (row R88c).</summary>
public enum BlockStatus
{
    /// <summary>So far, so good (<c>BLK_STS_OK</c>).</summary>
    Ok = 0,

    /// <summary>These bytes can never be mapped for this device (<c>BLK_STS_INVAL</c>).</summary>
    Invalid = 1,

    /// <summary>Not now: requeue the request (<c>BLK_STS_RESOURCE</c>).</summary>
    Resource = 2,

    /// <summary>It failed (<c>BLK_STS_IOERR</c>).</summary>
    IoError = 3,

    /// <summary>The bytes are lost on the medium: trying again does not help (<c>BLK_STS_MEDIUM</c>).</summary>
    Medium = 4,

    /// <summary>The device does not do that (<c>BLK_STS_NOTSUPP</c>).</summary>
    NotSupported = 5,

    /// <summary>The device is gone (<c>BLK_STS_OFFLINE</c>).</summary>
    Offline = 6,

    /// <summary>The device took too long (<c>BLK_STS_TIMEOUT</c>).</summary>
    Timeout = 7,

    /// <summary>The device is full (<c>BLK_STS_NOSPC</c>).</summary>
    NoSpace = 8,

    /// <summary>The device is read-only (<c>BLK_STS_PROTECTION</c>).</summary>
    Protection = 9,
}
