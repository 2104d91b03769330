// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma;

/// <summary>A completion queue in the device.</summary>
internal sealed class CompletionQueue
{
    public bool IsLive { get; set; }

    public DmaAddress Ring { get; set; }

    public int Log2 { get; set; }

    public int Vector { get; set; }

    public bool IsArmed { get; set; }

    /// <summary>Completions ever written.</summary>
    public uint Produced { get; set; }

    /// <summary>Completions ever taken, as the host last said.</summary>
    public uint Consumed { get; set; }

    /// <summary>Queue pairs that complete here.</summary>
    public int Users { get; set; }
}
