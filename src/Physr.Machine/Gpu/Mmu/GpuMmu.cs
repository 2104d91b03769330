// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Mmu;

/// <summary>The memory management unit: contexts, cached translations, invalidation, and the window by which a driver writes page tables.</summary>
internal sealed class GpuMmu
{
    private const int EventSettled = GpuEvent.FirstMmu;

    private readonly GpuDevice _device;
    private readonly GpuPageWalker _walker;
    private readonly GpuTlb _tlb = new();
    private readonly ulong[] _roots = new ulong[GpuMmuRegisters.Contexts];
    private readonly ulong[] _rootsLow = new ulong[GpuMmuRegisters.Contexts];
    private ulong _hits;
    private ulong _misses;
    private ulong _start;
    private ulong _length;
    private ulong _posted;
    private ulong _settled;
    private ulong _epoch;
    private ulong _windowLow;

    public GpuMmu(GpuDevice device)
    {
        _device = device;
        _walker = new(device.Memory);
    }

    /// <summary>Which table the table window shows.</summary>
    public ulong WindowBase { get; private set; }

    public void Reset()
    {
        _tlb.Clear();
        Array.Clear(_roots);
        Array.Clear(_rootsLow);
        (_hits, _misses, _start, _length, _posted, _settled, _windowLow, WindowBase) = (0, 0, 0, 0, 0, 0, 0, 0);
        _epoch++;
    }

    /// <summary>Translates one address for one access. A cached leaf that does not allow the access is forgotten and the tables are walked, so that no driver needs to
    /// invalidate in order to allow more.</summary>
    public GpuTranslateStatus Translate(int context, ulong virtualAddress, GpuAccess access, out GpuTranslation translation, out int steps)
    {
        translation = default;
        steps = 0;
        if (context >= GpuMmuRegisters.Contexts)
        {
            return GpuTranslateStatus.NoContext;
        }

        if (_tlb.TryFind(context, virtualAddress, out GpuPageEntry leaf, out ulong pageSize))
        {
            if (leaf.Allows(access))
            {
                _hits++;
                translation = GpuTranslation.Of(leaf, virtualAddress, pageSize);
                return GpuTranslateStatus.Success;
            }

            _tlb.Drop(context, virtualAddress, virtualAddress);
        }

        _misses++;
        if ((_roots[context] & GpuMmuRegisters.RootValid) == 0)
        {
            return GpuTranslateStatus.NoContext;
        }

        GpuTranslateStatus status = _walker.Walk(_roots[context] & GpuPageEntry.AddressMask, virtualAddress, out leaf, out pageSize, out steps);
        if (status != GpuTranslateStatus.Success)
        {
            return status;
        }

        if (!leaf.Allows(access))
        {
            return leaf.Allows(GpuAccess.Write) ? GpuTranslateStatus.AtomicDenied : GpuTranslateStatus.WriteProtected;
        }

        _tlb.Fill(context, virtualAddress, leaf, pageSize);
        translation = GpuTranslation.Of(leaf, virtualAddress, pageSize);
        return GpuTranslateStatus.Success;
    }

    public void OnEvent(int kind, ulong argument)
    {
        if (kind == EventSettled && argument == _epoch)
        {
            _settled++;
        }
    }

    public ulong ReadWord(ulong offset) => offset switch
    {
        GpuMmuRegisters.TlbHits => _hits,
        GpuMmuRegisters.TlbMisses => _misses,
        GpuMmuRegisters.InvalidateStart => _start,
        GpuMmuRegisters.InvalidateLength => _length,
        GpuMmuRegisters.InvalidateDone => (uint)Math.Min(_settled, _device.Compute.FirstAwaiting() - 1),
        GpuMmuRegisters.TableWindowBase => WindowBase,
        _ when IsRoot(offset) => _roots[(offset - GpuMmuRegisters.ContextRoots) / 8],
        _ => 0,
    };

    public void Write32(ulong offset, uint value)
    {
        switch (offset & ~4UL)
        {
            case GpuMmuRegisters.InvalidateStart:
                Register.Set(ref _start, offset, value);
                break;
            case GpuMmuRegisters.InvalidateLength:
                Register.Set(ref _length, offset, value);
                break;
            case GpuMmuRegisters.Invalidate when (offset & 4) == 0:
                Invalidate((int)(value & ~GpuMmuRegisters.InvalidateWhole), (value & GpuMmuRegisters.InvalidateWhole) != 0);
                break;
            case GpuMmuRegisters.TableWindowBase:
                Register.Set(ref _windowLow, offset, value);
                if ((offset & 4) != 0 && _windowLow % GpuPageEntry.TableSize == 0 && _windowLow < _device.Memory.Length)
                {
                    WindowBase = _windowLow;
                }

                break;
            default:
                WriteRoot(offset, value);
                break;
        }
    }

    private static bool IsRoot(ulong offset) => offset - GpuMmuRegisters.ContextRoots < GpuMmuRegisters.Contexts * 8;

    private void WriteRoot(ulong offset, uint value)
    {
        if (!IsRoot(offset))
        {
            return;
        }

        ulong context = (offset - GpuMmuRegisters.ContextRoots) / 8;
        Register.Set(ref _rootsLow[context], offset, value);
        if ((offset & 4) != 0)
        {
            // A root that no table can be at is none.
            ulong root = _rootsLow[context] & GpuPageEntry.AddressMask;
            _roots[context] = root < _device.Memory.Length && (root | GpuMmuRegisters.RootValid) == _rootsLow[context] ? _rootsLow[context] : 0;
        }
    }

    private void Invalidate(int context, bool whole)
    {
        ulong first = whole ? 0 : _start;
        ulong last = whole ? ulong.MaxValue : unchecked(_start + _length - 1);
        if (whole || _length != 0)
        {
            last = last < first ? ulong.MaxValue : last;
            _tlb.Drop(context, first, last);
            _device.Compute.Await(context, first, last, _posted + 1);
        }

        _posted++;
        _device.Link.ScheduleAt(_device.Link.Now.Add(_device.Options.InvalidateDelay), EventSettled, _epoch);
    }
}
