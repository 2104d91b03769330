// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Debugging;

/// <summary>Knows memory by a machine's map: RAM, pagemaps, the resources named <c>Kernel code</c> and <c>Kernel rodata</c>; and by ranges that its user registers, such as
/// stacks and vmalloc areas.</summary>
/// <remarks>Thread-safe, as long as the map's resources do not change while it looks.</remarks>
public sealed class MemoryMapClassifier : IDmaMemoryClassifier
{
    // Runs of owners looked at for one map: a range over more than these is judged by its first part.
    private const int MostRuns = 4096;

    private readonly MemoryMap _map;
    private readonly Lock _lock = new();
    private (PhysicalRange Range, DmaMemoryKinds Kinds)[] _registered = [];
    private PhysicalRange[]? _kernelText;

    /// <summary>Makes a classifier of a machine.</summary>
    public MemoryMapClassifier(MemoryMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        _map = map;
        map.Resources.Changed += _ => Volatile.Write(ref _kernelText, null);
    }

    /// <summary>Says that a range is a stack, vmalloc memory, or whatever the map does not know of; until disposed.</summary>
    /// <param name="range">The bytes; not empty.</param>
    /// <param name="kinds">What they are, beside what the map says.</param>
    public IDisposable Register(PhysicalRange range, DmaMemoryKinds kinds)
    {
        ArgumentOutOfRangeException.ThrowIfZero(range.Length, nameof(range));
        lock (_lock)
        {
            Volatile.Write(ref _registered, [.. _registered, (range, kinds)]);
        }

        return new Registration(this, range, kinds);
    }

    /// <inheritdoc/>
    public DmaMemoryKinds Classify(PhysicalRange range)
    {
        DmaMemoryKinds kinds = OfMap(range);
        foreach ((PhysicalRange known, DmaMemoryKinds also) in Volatile.Read(ref _registered))
        {
            kinds |= known.Overlaps(range) ? also : DmaMemoryKinds.Unknown;
        }

        foreach (PhysicalRange text in Volatile.Read(ref _kernelText) ?? FindKernelText())
        {
            kinds |= text.Overlaps(range) ? DmaMemoryKinds.KernelText : DmaMemoryKinds.Unknown;
        }

        return kinds;
    }

    // Each owner's run is looked at once, at its first byte: a pagemap covers a provider or a resource whole, or not at all.
    private DmaMemoryKinds OfMap(PhysicalRange range)
    {
        DmaMemoryKinds kinds = DmaMemoryKinds.Unknown;
        PhysicalAddress at = range.Start;
        for (int looked = 0; looked < MostRuns; looked++)
        {
            bool isOwned = _map.TryFindOwner(at, out Owner owner);
            if (isOwned && owner.Provider.IsRam)
            {
                kinds |= DmaMemoryKinds.Ram;
            }
            else
            {
                kinds |= OfDevice(at, isOwned);
            }

            // What nothing answers to is wrong whatever follows it.
            if ((kinds & DmaMemoryKinds.Invalid) != DmaMemoryKinds.Unknown)
            {
                break;
            }

            ulong left = range.End.Value - at.Value;
            ulong step = isOwned ? owner.RemainingBytes : DistanceToRam(at, left);
            if (step >= left)
            {
                break;
            }

            at = at.Add(step);
        }

        return kinds;
    }

    private DmaMemoryKinds OfDevice(PhysicalAddress at, bool isOwned)
    {
        if (_map.TryGetPagemap(at.Frame, out PagemapReference reference))
        {
            using (reference)
            {
                bool isMemory = reference.Pagemap.Type is MemoryType.FsDax or MemoryType.Generic or MemoryType.DeviceCoherent;
                return DmaMemoryKinds.ZoneDevice | (isMemory ? DmaMemoryKinds.Unknown : DmaMemoryKinds.Mmio);
            }
        }

        return isOwned || _map.Resources.Find(at) is not null ? DmaMemoryKinds.Mmio : DmaMemoryKinds.Invalid;
    }

    // Where nobody owns an address, its resource ends somewhere; without one, the next page is asked again.
    private ulong DistanceToRam(PhysicalAddress at, ulong left) =>
        _map.Resources.Find(at) is { Children.Count: 0 } resource ? resource.Range.End.Value - at.Value : Math.Min(left, PageSize.Size4K - (at.Value & (PageSize.Size4K - 1)));

    private PhysicalRange[] FindKernelText()
    {
        PhysicalRange[] found = [.. _map.Resources.Walk()
            .Where(static entry => entry.Resource.Name is "Kernel code" or "Kernel rodata")
            .Select(static entry => entry.Resource.Range)];
        Volatile.Write(ref _kernelText, found);
        return found;
    }

    private sealed class Registration(MemoryMapClassifier owner, PhysicalRange range, DmaMemoryKinds kinds) : IDisposable
    {
        private int _isGone;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isGone, 1) != 0)
            {
                return;
            }

            lock (owner._lock)
            {
                int index = Array.IndexOf(owner._registered, (range, kinds));
                Volatile.Write(ref owner._registered, [.. owner._registered[..index], .. owner._registered[(index + 1)..]]);
            }
        }
    }
}
