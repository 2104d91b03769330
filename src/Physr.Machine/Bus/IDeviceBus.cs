// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Bus;

/// <summary>All that a device model sees of the world: a bus to read and write, interrupts, and a clock. It cannot tell a simulated host from a real virtual
/// machine, so that one model serves both.</summary>
public interface IDeviceBus
{
    /// <summary>The present moment.</summary>
    SimTime Now { get; }

    /// <summary>Reads memory as bus master.</summary>
    /// <param name="address">An address that the host gave the device.</param>
    /// <param name="destination">Where the bytes go; undefined unless the completion is a success.</param>
    /// <param name="traffic">Whether these bytes are the user's data.</param>
    BusCompletion Read(DmaAddress address, Span<byte> destination, Traffic traffic);

    /// <summary>Writes memory as bus master.</summary>
    /// <param name="address">An address that the host gave the device.</param>
    /// <param name="source">The bytes.</param>
    /// <param name="traffic">Whether these bytes are the user's data.</param>
    BusCompletion Write(DmaAddress address, ReadOnlySpan<byte> source, Traffic traffic);

    /// <summary>Sends an MSI-X message, if the host enabled it.</summary>
    /// <param name="vector">The index in the MSI-X table.</param>
    void RaiseInterrupt(int vector);

    /// <summary>Asks for <see cref="Devices.DeviceModel.OnEvent"/> at a moment that is not in the past. Events of a device that was reset or removed meanwhile are dropped.</summary>
    void ScheduleAt(SimTime when, int kind, ulong argument = 0);
}
