// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma;

/// <summary>A send or receive ring in host memory, as the device follows it. Counts are modulo 2^32.</summary>
internal struct WorkRing
{
    public DmaAddress Address;
    public int Log2;

    /// <summary>Requests ever completed or, on a receive ring, taken: their places are the host's again.</summary>
    public uint Freed;

    /// <summary>Requests ever fetched.</summary>
    public uint Fetched;

    /// <summary>Requests ever posted.</summary>
    public uint Posted;

    public readonly bool IsEmpty => Fetched == Posted;

    public readonly DmaAddress AddressOf(uint count) =>
        Address.Add((ulong)(count & ((1U << Log2) - 1)) * Spec.RdmaLimits.WorkRequestSize);

    /// <summary>Takes a doorbell's count; false when it moves back or beyond the ring's room.</summary>
    public bool TryPost(uint posted)
    {
        uint room = (1U << Log2) - (Posted - Freed);
        if (posted - Posted > room)
        {
            return false;
        }

        Posted = posted;
        return true;
    }
}
