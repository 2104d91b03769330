// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tracing;

/// <content>Whether the fields of a line go together.</content>
public sealed partial class DmaTraceParser
{
    private bool IsSound(DmaTraceEvent traced)
    {
        switch (traced.Kind)
        {
            case DmaTraceEventKind.MapPhys or DmaTraceEventKind.MapPage or DmaTraceEventKind.MapResource:
                bool hasFailed = traced.Address == DmaAddress.MappingError;
                return ((hasFailed || DmaRange.TryCreate(traced.Address, traced.Size, out _)) && PhysicalRange.TryCreate(traced.Memory!.Value, traced.Size, out _))
                    || Fail(DmaTraceProblem.BeyondAddressSpace);
            case DmaTraceEventKind.Alloc or DmaTraceEventKind.AllocPages or DmaTraceEventKind.AllocTable or DmaTraceEventKind.Access or DmaTraceEventKind.Revoke:
                return traced.IsNull || DmaRange.TryCreate(traced.Address, traced.Size, out _) || Fail(DmaTraceProblem.BeyondAddressSpace);
            case DmaTraceEventKind.Memory:
                return PhysicalRange.TryCreate(traced.Memory!.Value, traced.Size, out _) || Fail(DmaTraceProblem.BeyondAddressSpace);
            case DmaTraceEventKind.MapList or DmaTraceEventKind.SyncListForCpu or DmaTraceEventKind.SyncListForDevice:
                return IsSoundList(traced);
            default:
                return true;
        }
    }

    private bool IsSoundList(DmaTraceEvent traced)
    {
        if (traced.Addresses.Length != traced.Sizes.Length)
        {
            return Fail(DmaTraceProblem.UnequalArrays);
        }

        for (int i = 0; i < traced.Addresses.Length; i++)
        {
            if (!DmaRange.TryCreate(traced.Addresses[i], traced.Sizes[i], out _))
            {
                return Fail(DmaTraceProblem.BeyondAddressSpace);
            }
        }

        return true;
    }
}
