// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;

namespace Physr.Machine.Svm;

/// <summary>A run of the host's RAM that processes have their pages from.</summary>
internal sealed class ProcessRam : IDisposable
{
    private readonly SimulatedMachine _machine;
    private readonly PhysicalRange _run;
    private readonly RamZone _zone;
    private bool _isDisposed;

    /// <summary>Takes the run.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="bytes">How much, a multiple of 2 MiB.</param>
    /// <param name="options">How its memory behaves.</param>
    /// <exception cref="PhysrException">No free run is that long.</exception>
    public ProcessRam(SimulatedMachine machine, ulong bytes, PhysicalMemoryOptions? options = null)
    {
        _machine = machine;

        // One block more than is used: a run begins at any page.
        Errno errno = machine.Memory.TryAllocateOrdinary(bytes + PageSize.Size2M, "processes", out _run);
        if (errno != Errno.None)
        {
            throw new PhysrException("take RAM for processes", $"{bytes} bytes", errno, "no free run of the host's RAM is that long");
        }

        _zone = new(new(_run.Start.AlignUp(PageSize.Size2M), bytes), new FabricRamBytes(machine.Memory));
        Memory = new(machine.Map, [_zone], options);
    }

    /// <summary>The memory that address spaces are made of.</summary>
    public PhysicalMemory Memory { get; }

    /// <summary>Gives everything back and names what could not be, because somebody still has it.</summary>
    public IEnumerable<string> Close()
    {
        List<string> leaked = [];
        if (Memory.Pins != 0)
        {
            leaked.Add($"{Memory.Pins} pins");
        }

        if (Memory.PageTables != 0)
        {
            leaked.Add($"{Memory.PageTables} page tables of processes");
        }
        else
        {
            Memory.Dispose();
            long kept = _zone.Pages - _zone.FreePages;
            if (kept != 0)
            {
                leaked.Add($"{kept} pages of RAM of processes");
            }
        }

        Dispose();
        return leaked;
    }

    /// <summary>Gives the run back.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _zone.Dispose();
            _machine.Memory.Free(_run);
        }
    }
}
