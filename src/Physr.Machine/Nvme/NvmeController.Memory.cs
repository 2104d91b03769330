// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <content>Memory accesses: the controller's own memory buffer where the host mapped it (CMBMSC), else the bus.</content>
public sealed partial class NvmeController
{
    private ulong BufferBase => _cmbControl & MemoryBufferRegisters.BaseAddressMask;

    private bool IsBufferBaseInvalid =>
        _cmb is not null && (_cmbControl & MemoryBufferRegisters.MemorySpaceEnabled) != 0 && BufferBase > ulong.MaxValue - _cmb.Length;

    /// <summary>Whether addresses at CMBMSC.CBA mean the buffer (section 8.5).</summary>
    private bool IsBufferMapped =>
        _cmb is not null
        && (_cmbControl & MemoryBufferRegisters.MemorySpaceEnabled) != 0
        && (_cmbControl & MemoryBufferRegisters.CapabilitiesEnabled) != 0
        && !IsBufferBaseInvalid;

    /// <summary>Whether a run of bytes lies partly in and partly out of the mapped buffer, or leaves the address space.</summary>
    private bool CrossesBufferEdge(ulong address, ulong length)
    {
        if (address > ulong.MaxValue - length)
        {
            return true;
        }

        if (!IsBufferMapped)
        {
            return false;
        }

        ulong end = BufferBase + _cmb!.Length;
        bool overlaps = address < end && address + length > BufferBase;
        return overlaps && !(address >= BufferBase && address + length <= end);
    }

    private bool TryFindInBuffer(ulong address, ulong length, out ulong offset)
    {
        offset = address - BufferBase;
        return IsBufferMapped && address >= BufferBase && offset < _cmb!.Length && length <= _cmb.Length - offset;
    }

    private BusCompletion ReadMemory(ulong address, Span<byte> destination, Traffic traffic)
    {
        if (CrossesBufferEdge(address, (ulong)destination.Length))
        {
            return new(BusStatus.UnsupportedRequest, Bus.Now);
        }

        if (TryFindInBuffer(address, (ulong)destination.Length, out ulong offset))
        {
            _cmb!.Read(offset, destination);
            CountBufferBytes(destination.Length, traffic);
            return new(BusStatus.Success, Bus.Now);
        }

        return Bus.Read(new(address), destination, traffic);
    }

    private BusCompletion WriteMemory(ulong address, ReadOnlySpan<byte> source, Traffic traffic)
    {
        if (CrossesBufferEdge(address, (ulong)source.Length))
        {
            return new(BusStatus.UnsupportedRequest, Bus.Now);
        }

        if (TryFindInBuffer(address, (ulong)source.Length, out ulong offset))
        {
            _cmb!.Write(offset, source);
            CountBufferBytes(source.Length, traffic);
            return new(BusStatus.Success, Bus.Now);
        }

        return Bus.Write(new(address), source, traffic);
    }

    private void CountBufferBytes(int bytes, Traffic traffic)
    {
        if (traffic == Traffic.Payload)
        {
            Statistics = Statistics with { MemoryBufferBytes = Statistics.MemoryBufferBytes + (uint)bytes };
        }
    }
}
