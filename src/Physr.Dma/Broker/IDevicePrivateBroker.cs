// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Broker;

/// <summary>Mission text 000's "special function": says how a device comes to memory that only another device can address (row R42). The mapper asks it for each device-private part of a list.</summary>
public interface IDevicePrivateBroker
{
    /// <summary>Chooses a way. The answer depends on the memory and the client (row R42b), and holds while the memory's owner publishes what it is made of.</summary>
    /// <param name="client">Who wants the bytes.</param>
    /// <param name="memory">Which bytes.</param>
    PrivateRoute Resolve(DmaDevice client, PrivateRange memory);
}
