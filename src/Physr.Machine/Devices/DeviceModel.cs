// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;

namespace Physr.Machine.Devices;

/// <summary>A device as a state machine: registers that the host reads and writes, memory behind BARs, events on its clock, and a bus to master. It keeps no
/// reference to the host, other devices or the scheduler.</summary>
public abstract class DeviceModel : IDisposable
{
    /// <summary>Makes a device with a name from the scenario.</summary>
    protected DeviceModel(string name, DeviceProfile profile)
    {
        Name = name;
        Profile = profile;
    }

    /// <summary>The device's name in messages, reports and traces.</summary>
    public string Name { get; }

    /// <summary>What configuration space shows.</summary>
    public DeviceProfile Profile { get; }

    /// <summary>The bus; set once, when the device is plugged in.</summary>
    /// <exception cref="InvalidOperationException">The device is not plugged in.</exception>
    protected IDeviceBus Bus
    {
        get => field ?? throw new InvalidOperationException($"{Name} is not plugged in.");
        private set;
    }

    /// <summary>Plugs the device in.</summary>
    public void Attach(IDeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        Bus = bus;
        Reset();
    }

    /// <summary>Function-level reset: registers to their defaults, work in progress forgotten. Memory behind BARs keeps its bytes.</summary>
    public abstract void Reset();

    /// <summary>Reads a register of a BAR (or memory that is not span-able), with the device's access rules.</summary>
    /// <param name="bar">The BAR's index.</param>
    /// <param name="offset">Byte offset in the BAR.</param>
    /// <param name="destination">Filled whole; unimplemented offsets read as zero.</param>
    public abstract void ReadRegister(int bar, ulong offset, Span<byte> destination);

    /// <summary>Writes a register of a BAR; unimplemented offsets ignore writes.</summary>
    public abstract void WriteRegister(int bar, ulong offset, ReadOnlySpan<byte> source);

    /// <summary>The memory behind an offset of a BAR, for peers and the host to read and write without the device taking part.</summary>
    /// <param name="bar">The BAR's index.</param>
    /// <param name="offset">Byte offset in the BAR.</param>
    /// <param name="memory">The memory.</param>
    /// <param name="memoryOffset">Where in it the byte is.</param>
    /// <param name="length">How many bytes from there on are contiguous.</param>
    /// <returns>False where the offset is a register.</returns>
    public virtual bool TryGetBarMemory(int bar, ulong offset, out SparseMemory? memory, out ulong memoryOffset, out ulong length)
    {
        memory = null;
        memoryOffset = 0;
        length = 0;
        return false;
    }

    /// <summary>An event that the device asked for is due.</summary>
    public abstract void OnEvent(int kind, ulong argument);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the device's memory back.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
