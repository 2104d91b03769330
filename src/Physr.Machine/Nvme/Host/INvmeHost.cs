// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Nvme.Host;

/// <summary>What <see cref="NvmeDriver"/> needs of the machine it runs on: the controller's registers, memory that the controller can reach, and time.</summary>
public interface INvmeHost
{
    /// <summary>The present moment.</summary>
    SimTime Now { get; }

    /// <summary>Reads a 32-bit register of BAR 0; all ones where nothing answers.</summary>
    uint ReadRegister32(ulong offset);

    /// <summary>Reads a 64-bit register of BAR 0; all ones where nothing answers.</summary>
    ulong ReadRegister64(ulong offset);

    /// <summary>Writes a 32-bit register of BAR 0.</summary>
    void WriteRegister32(ulong offset, uint value);

    /// <summary>Writes a 64-bit register of BAR 0.</summary>
    void WriteRegister64(ulong offset, ulong value);

    /// <summary>Takes memory that is contiguous for processor and controller alike, starts on a 4 KiB page and is zero; given back by disposal.</summary>
    /// <param name="bytes">How much.</param>
    /// <param name="buffer">The memory; null on failure.</param>
    /// <returns>None or ENOMEM.</returns>
    Errno Allocate(ulong bytes, out INvmeHostBuffer? buffer);

    /// <summary>Lets the machine run until something has happened.</summary>
    /// <returns>False where nothing is left that could happen.</returns>
    bool Step();
}
