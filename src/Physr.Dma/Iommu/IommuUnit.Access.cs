// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.PageTables;

namespace Physr.Dma.Iommu;

/// <content>A device's access: look up, walk, remember, or refuse.</content>
public sealed partial class IommuUnit
{
    private long _hits;
    private long _misses;
    private long _tableReads;
    private long _dirtyWalks;

    /// <summary>Table entries read by walks so far, one a level.</summary>
    public long TableReads => Interlocked.Read(ref _tableReads);

    /// <summary>Translates one access of a device, and notes in the table that the leaf was written.</summary>
    /// <param name="requester">Who asks.</param>
    /// <param name="pasid">For which of its address spaces.</param>
    /// <param name="iova">The address it put on the bus.</param>
    /// <param name="isWrite">Whether it writes.</param>
    /// <param name="translation">Where the address leads, how far that goes on, and what is allowed there.</param>
    /// <param name="fault">Why not; it is in <see cref="Faults"/> too.</param>
    /// <returns>Whether the access may go on.</returns>
    public bool TryAccess(RequesterId requester, Pasid pasid, DmaAddress iova, bool isWrite, out IommuTranslation translation, out IommuFault fault)
    {
        fault = default;
        if (pasid.IsNone && InterruptWindow.Contains(iova))
        {
            translation = new(new(iova.Value), InterruptWindow, IommuAccess.Read | IommuAccess.Write);
            return true;
        }

        IommuFaultReason reason;
        lock (_lock)
        {
            reason = _contexts.TryGetValue(KeyOf(requester, pasid), out IommuContext? context)
                ? AccessUnsynchronized(context, iova, isWrite, out translation)
                : NotAttached(pasid, out translation);
        }

        if (reason == IommuFaultReason.None)
        {
            return true;
        }

        fault = new(requester, pasid, iova, isWrite, reason);
        Faults.Add(fault);
        return false;
    }

    /// <summary>Where an access would go, without caching, dirty bits or a record: for explanations.</summary>
    public bool TryPeek(RequesterId requester, Pasid pasid, DmaAddress iova, out IommuTranslation translation)
    {
        if (pasid.IsNone && InterruptWindow.Contains(iova))
        {
            translation = new(new(iova.Value), InterruptWindow, IommuAccess.Read | IommuAccess.Write);
            return true;
        }

        switch (ModeOf(requester, pasid, out IommuDomain? domain))
        {
            case IommuMode.Identity:
                translation = Identity(iova);
                return true;
            case IommuMode.Translated:
                return domain!.TryTranslate(iova, out translation);
            default:
                translation = default;
                return false;
        }
    }

    private static IommuFaultReason NotAttached(Pasid pasid, out IommuTranslation translation)
    {
        translation = default;
        return pasid.IsNone ? IommuFaultReason.NotAttached : IommuFaultReason.PasidNotAttached;
    }

    /// <summary>Every address but those of interrupts is itself: one leaf on either side of them. The last byte of all is in neither, as no range can hold it.</summary>
    private static IommuTranslation Identity(DmaAddress iova)
    {
        DmaRange leaf = iova.Value < InterruptWindow.Start.Value
            ? DmaRange.FromBounds(default, InterruptWindow.Start)
            : DmaRange.FromBounds(InterruptWindow.End, DmaAddress.MappingError);
        return new(new(iova.Value), leaf, IommuAccess.Read | IommuAccess.Write);
    }

    private IommuFaultReason AccessUnsynchronized(IommuContext context, DmaAddress iova, bool isWrite, out IommuTranslation translation)
    {
        switch (context.Mode)
        {
            case IommuMode.Translated:
                return LookUpUnsynchronized(context.Slot!, iova, isWrite, out translation);
            case IommuMode.Identity:
                translation = Identity(iova);
                return iova == DmaAddress.MappingError ? IommuFaultReason.BeyondAperture : IommuFaultReason.None;
            default:
                translation = default;
                return IommuFaultReason.Blocked;
        }
    }

    private IommuFaultReason LookUpUnsynchronized(IommuDomainSlot slot, DmaAddress iova, bool isWrite, out IommuTranslation translation)
    {
        IommuDomain domain = slot.Domain;
        ref IotlbEntry entry = ref _iotlb.Find(slot.Id, iova.Value);
        if (!Unsafe.IsNullRef(ref entry) && (entry.Access & (isWrite ? IommuAccess.Write : IommuAccess.Read)) != IommuAccess.None)
        {
            // A cached leaf answers, but the first write through it has to reach the table: a dirty bit that is only cached is lost.
            if (!isWrite || entry.IsDirty || !domain.MarksWrites)
            {
                _hits++;
                translation = entry.Translate(iova.Value);
                return IommuFaultReason.None;
            }

            _dirtyWalks++;
        }
        else
        {
            _misses++;
        }

        _tableReads += domain.Levels;
        IommuFaultReason reason = domain.Walk(iova, isWrite, out translation);
        if (reason == IommuFaultReason.None)
        {
            _iotlb.Insert(slot.Id, iova.Value, translation, isWrite);
        }

        return reason;
    }
}
