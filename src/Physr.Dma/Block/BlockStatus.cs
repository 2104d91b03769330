// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Block;

/// <summary>How mapping a block request ended, in the block layer's words (row R88c).</summary>
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
}
