// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <content>The fault ring: records are taken as they lie there, joined by page, served as a batch, and answered.</content>
public sealed partial class GpuMmuDriver
{
    private readonly GpuFaultRecord[] _records;
    private readonly GpuFault[] _faults;
    private readonly GpuFaultResolution[] _resolutions;
    private uint _taken;
    private uint _invalidationsBefore;
    private GpuMmuStatistics _statistics;

    /// <summary>Whether a record waits.</summary>
    public bool HasFaults => Peek(_taken).Phase == GpuCompletion.PhaseOf(_taken, _log2);

    /// <summary>Takes the records that wait, has their pages served, gives up what the handler cancels and lets the rest try again.</summary>
    /// <param name="handler">Who serves; null cancels all.</param>
    /// <returns>How many records there were.</returns>
    public int ServiceFaults(IGpuFaultHandler? handler)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int records = Take();
        if (records == 0)
        {
            return 0;
        }

        uint status = _host.ReadRegister32(GpuRegisters.RegisterBar, GpuMmuRegisters.FaultStatus);
        Span<GpuFault> faults = _faults.AsSpan(0, Join(_records.AsSpan(0, records)));
        Span<GpuFaultResolution> resolutions = _resolutions.AsSpan(0, faults.Length);
        resolutions.Fill(handler is null ? GpuFaultResolution.Cancel : GpuFaultResolution.Replay);
        if (!faults.IsEmpty)
        {
            handler?.Service(faults, resolutions);
        }

        ulong cancels = 0;
        for (int i = 0; i < faults.Length; i++)
        {
            if (resolutions[i] == GpuFaultResolution.Cancel)
            {
                _host.WriteRegister64(GpuRegisters.RegisterBar, GpuMmuRegisters.CancelAddress, faults[i].Page.Value);
                _host.WriteRegister32(GpuRegisters.RegisterBar, GpuMmuRegisters.Cancel, (uint)faults[i].Context.Id);
                cancels++;
            }
        }

        _host.WriteRegister32(GpuRegisters.RegisterBar, GpuMmuRegisters.Replay, 1);
        _statistics = _statistics with
        {
            FaultRecords = _statistics.FaultRecords + (ulong)records,
            Faults = _statistics.Faults + (ulong)faults.Length,
            Replays = _statistics.Replays + 1,
            Cancels = _statistics.Cancels + cancels,
            Overflows = _statistics.Overflows + ((status & GpuMmuRegisters.FaultOverflow) != 0 && status != uint.MaxValue ? 1UL : 0),
        };
        faults.Clear();
        return records;
    }

    private Errno Start()
    {
        _host.WriteRegister32(GpuRegisters.RegisterBar, GpuMmuRegisters.FaultControl, 0);
        _host.WriteRegister64(GpuRegisters.RegisterBar, GpuMmuRegisters.FaultRing, _faultRing.Address.Value);
        _host.WriteRegister32(GpuRegisters.RegisterBar, GpuMmuRegisters.FaultRingLog2, (uint)_log2);
        _host.WriteRegister32(GpuRegisters.RegisterBar, GpuMmuRegisters.FaultControl, GpuMmuRegisters.FaultEnable);
        _invalidationsBefore = _host.ReadRegister32(GpuRegisters.RegisterBar, GpuMmuRegisters.InvalidateDone);
        for (int id = 0; id < GpuMmuRegisters.Contexts; id++)
        {
            WriteRoot(id, 0);
            PostInvalidation(id, 0, 0, isWhole: true);
        }

        Errno errno = WaitForInvalidations();
        if (errno != Errno.None)
        {
            return errno;
        }

        _invalidationsBefore += _invalidations;
        _invalidations = 0;

        uint status = _host.ReadRegister32(GpuRegisters.RegisterBar, GpuMmuRegisters.FaultStatus);
        return status == uint.MaxValue ? Errno.ENODEV : (status & GpuMmuRegisters.FaultReady) == 0 ? Errno.EIO : Errno.None;
    }

    private GpuFaultRecord Peek(uint count)
    {
        int slot = (int)(count & ((1U << _log2) - 1));
        return GpuFaultRecord.Read(_faultRing.Bytes[(slot * GpuFaultRecord.Size)..]);
    }

    private int Take()
    {
        int records = 0;
        while (records < _records.Length)
        {
            GpuFaultRecord record = Peek(_taken);
            if (record.Phase != GpuCompletion.PhaseOf(_taken, _log2))
            {
                break;
            }

            if (record.Count != _taken)
            {
                throw new PhysrException("take fault", "GPU fault ring", Errno.EIO, $"record {record.Count} where {_taken} is due");
            }

            _records[records++] = record;
            _taken++;
        }

        if (records != 0)
        {
            _host.WriteRegister32(GpuRegisters.RegisterBar, GpuMmuRegisters.FaultGet, _taken);
        }

        return records;
    }

    /// <summary>One fault for each page, the most demanding access first; returns how many.</summary>
    private int Join(Span<GpuFaultRecord> records)
    {
        records.Sort(static (left, right) =>
            left.Context != right.Context ? left.Context.CompareTo(right.Context)
            : left.Address / PageSize.Size4K != right.Address / PageSize.Size4K ? left.Address.CompareTo(right.Address)
            : left.Access != right.Access ? right.Access.CompareTo(left.Access)
            : left.Count.CompareTo(right.Count));
        int faults = 0;
        ulong stale = 0;
        foreach (ref readonly GpuFaultRecord record in records)
        {
            GpuContext? context = record.Context < _contexts.Length ? _contexts[record.Context] : null;
            VirtualAddress page = new(record.Address & ~(PageSize.Size4K - 1));
            if (context is null)
            {
                stale++;
            }
            else if (faults != 0 && _faults[faults - 1].Page == page && ReferenceEquals(_faults[faults - 1].Context, context))
            {
                _faults[faults - 1] = _faults[faults - 1] with { Records = _faults[faults - 1].Records + 1 };
            }
            else
            {
                _faults[faults++] = new(context, page, record.Access, record.Reason, 1);
            }
        }

        _statistics = _statistics with { StaleRecords = _statistics.StaleRecords + stale };
        return faults;
    }
}
