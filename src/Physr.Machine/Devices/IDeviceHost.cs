// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Devices;

/// <summary>What a driver on the host needs to drive one device: its registers, memory that the device can reach, and time. Drivers see nothing else, so that
/// they run on the simulated machine and in tests alike.</summary>
public interface IDeviceHost
{
    /// <summary>The present moment.</summary>
    SimTime Now { get; }

    /// <summary>Reads a 32-bit register of a BAR; all ones where the device does not answer.</summary>
    uint ReadRegister32(int bar, ulong offset);

    /// <summary>Reads a 64-bit register of a BAR; all ones where the device does not answer.</summary>
    ulong ReadRegister64(int bar, ulong offset);

    /// <summary>Writes a 32-bit register of a BAR (posted: a lost write is not noticed here).</summary>
    void WriteRegister32(int bar, ulong offset, uint value);

    /// <summary>Writes a 64-bit register of a BAR (posted).</summary>
    void WriteRegister64(int bar, ulong offset, ulong value);

    /// <summary>Writes bytes that behave as memory (BAR memory, or a window of it), as a CPU that combines writes does; posted. Offset and length are multiples of 8.</summary>
    void WriteMemory(int bar, ulong offset, ReadOnlySpan<byte> source)
    {
        for (int i = 0; i < source.Length; i += sizeof(ulong))
        {
            WriteRegister64(bar, offset + (ulong)i, System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(source[i..]));
        }
    }

    /// <summary>Takes page-aligned, physically contiguous, zeroed host memory and maps it for the device (coherent DMA memory); dispose it to give it back.</summary>
    /// <param name="length">Bytes; rounded up to 4 KiB.</param>
    /// <param name="purpose">What for, in leak reports.</param>
    /// <param name="buffer">The memory; null on failure, and nothing is held then.</param>
    /// <returns>None; ENOMEM (no free run is that long, or no mapping is left), EINVAL (longer than a buffer can be), or that the device never reaches it: EIO (it
    /// lies beyond the device's address mask) or EREMOTEIO (no way there).</returns>
    Errno TryAllocate(ulong length, string purpose, out IDeviceBuffer? buffer);

    /// <summary>Runs the machine until something has happened; false when nothing waits any more, so that waiting on would be for ever.</summary>
    bool Step();
}
