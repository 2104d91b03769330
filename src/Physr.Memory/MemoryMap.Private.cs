// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <content>Which bytes only their device can address.</content>
public sealed partial class MemoryMap
{
    /// <summary>Whether there is device-private memory at all, in either numbering.</summary>
    public bool HasPrivateMemory => Private.RegionCount != 0 || HasNumberedPrivateMemory;

    /// <summary>Whether device-private memory hides behind made-up physical ranges, so that a physical range has to be looked up before it may reach DMA (row R42c).</summary>
    public bool HasNumberedPrivateMemory => Volatile.Read(ref _pagemaps).HasPrivate;

    /// <summary>Finds the device-private memory that an entry of a range list names, by offset or by a made-up physical range.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="found">Where in which pagemap it begins, and how many of the entry's bytes are in that same run.</param>
    /// <returns>False where the entry's first byte is not private, or its pagemap is gone or going.</returns>
    public bool TryFindPrivate(ProvidedRange entry, out PrivateRange found)
    {
        found = default;
        bool isOffset = entry.Provider.IsDevicePrivate;
        if (!isOffset && !(entry.Provider.IsRam && HasNumberedPrivateMemory))
        {
            return false;
        }

        PagemapTable table = isOffset ? Private.Table : Volatile.Read(ref _pagemaps);
        ulong address = entry.Range.Start.Value;
        if (table.Find(address >> PageSize.Shift4K) is not { Type: MemoryType.DevicePrivate, References.IsKilled: false } registration)
        {
            return false;
        }

        ulong before = 0;
        foreach (DescriptorStorage part in registration.Storage)
        {
            ulong into = address - (part.FirstPage << PageSize.Shift4K);
            ulong size = part.PageCount << PageSize.Shift4K;
            if (into < size)
            {
                found = new(registration.Pagemap, before + into, Math.Min(entry.Range.Length, size - into));
                return true;
            }

            before += size;
        }

        return false;
    }

    /// <summary>Whether a physical range touches a made-up one, behind which there is nothing that the bus could reach.</summary>
    public bool TouchesPrivate(PhysicalRange range)
    {
        PagemapTable table = Volatile.Read(ref _pagemaps);
        return table.HasPrivate && !range.IsEmpty && table.TouchesPrivate(range.Start.Frame.Value, range.Last.Frame.Value + 1);
    }
}
