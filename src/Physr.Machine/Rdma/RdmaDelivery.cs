// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma;

/// <summary>What an end did with a packet.</summary>
public enum RdmaDelivery
{
    /// <summary>Took it; the network has the packet back.</summary>
    Taken = 0,

    /// <summary>Keeps the packet for a while and returns it itself.</summary>
    Kept = 1,

    /// <summary>Nobody there: the sender will hear nothing and run out of retries.</summary>
    Refused = 2,
}
