// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

public sealed partial class MemoryMap
{
    /// <summary>Adds RAM at run time. It loses against whatever is there, a made-up range of private memory included (row R16a), as in the kernel.</summary>
    /// <param name="range">Whole 128 MiB sections.</param>
    /// <param name="conflict">What is in the way on <see cref="Errno.EEXIST"/>.</param>
    /// <param name="message">What went wrong, naming both; empty on success.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.EEXIST"/> on a conflict; <see cref="Errno.EINVAL"/> for an empty or misaligned range;
    /// <see cref="Errno.ERANGE"/> above the mappable end.</returns>
    public Errno HotAddRam(PhysicalRange range, out Resource? conflict, out string message)
    {
        conflict = null;
        message = "";
        if (range.IsEmpty || !range.Start.IsAligned(PageSize.Section) || !Alignment.IsAligned(range.Length, PageSize.Section))
        {
            message = $"RAM {range} does not consist of whole 128 MiB sections";
            return Errno.EINVAL;
        }

        if (!IsHotplugAllowed(range, needsLinearMap: true))
        {
            message = $"RAM {Resource.Bracketed(range)} lies outside of {Resource.Bracketed(new(default, MappableEnd.Value))}";
            return Errno.ERANGE;
        }

        Errno errno;
        lock (_lock)
        {
            errno = Resources.RequestRegion(WellKnownResource.SystemRam, range, ResourceFlags.SystemRam | ResourceFlags.Busy, ResourceDescriptor.None, out _, out conflict);
        }

        if (errno == Errno.None)
        {
            return errno;
        }

        message = conflict is { Descriptor: ResourceDescriptor.DevicePrivateMemory }
            ? PrivateConflict(conflict.Name, conflict.Range, range)
            : $"{conflict} conflicts with {WellKnownResource.SystemRam} {Resource.Bracketed(range)}";
        Warn(message);
        return Errno.EEXIST;
    }

    /// <summary>Takes RAM away that was added as one range.</summary>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.ENOENT"/> when no RAM is exactly there; <see cref="Errno.EBUSY"/> when something inside is in use.</returns>
    public Errno HotRemoveRam(PhysicalRange range)
    {
        lock (_lock)
        {
            Resource? found = range.IsEmpty ? null : Resources.Find(range.Start);
            while (found is not null && found.Range != range)
            {
                found = found.Parent;
            }

            return found is not { IsSystemRam: true } ? Errno.ENOENT : found.Children.Count != 0 ? Errno.EBUSY : Resources.Remove(found);
        }
    }

    /// <summary>Whether a range may be added to the machine (the kernel's <c>mhp_range_allowed</c>, row R17): up to the mappable end, or to the end of physical
    /// addresses for what needs no linear map. No sum can overflow, since ranges know their end.</summary>
    public bool IsHotplugAllowed(PhysicalRange range, bool needsLinearMap) =>
        !range.IsEmpty && range.End.Value <= (needsLinearMap ? MappableEnd : PhysicalEnd).Value;

    /// <summary>Numbers private memory the kernel's way: a made-up physical range, the highest free one (row R14).</summary>
    /// <param name="sizeBytes">How much; rounded up to whole 128 MiB sections.</param>
    /// <param name="name">The device, as hotplug conflicts will name it.</param>
    /// <param name="resource">The range taken; give it back with <see cref="ResourceTree.Remove"/>.</param>
    /// <returns><see cref="Errno.None"/>, <see cref="Errno.EINVAL"/> for size 0, <see cref="Errno.ERANGE"/> when none is free.</returns>
    public Errno RequestPrivateRange(ulong sizeBytes, string name, out Resource? resource)
    {
        lock (_lock)
        {
            return Resources.RequestFreeRegion(new(default, PhysicalEnd.Value), sizeBytes, name, out resource);
        }
    }

    /// <summary>Names what would have collided, had memory of this size been numbered the kernel's way and RAM then been added (row R16b). Changes nothing.</summary>
    /// <param name="sizeBytes">The private memory's size.</param>
    /// <param name="name">The device.</param>
    /// <param name="added">The RAM to add.</param>
    /// <param name="message">The kernel's warning, or why the made-up range could not be had at all; empty when nothing collides.</param>
    /// <returns>Whether the kernel's way fails where an offset space of its own does not.</returns>
    public bool WouldCollide(ulong sizeBytes, string name, PhysicalRange added, out string message)
    {
        lock (_lock)
        {
            if (Resources.FindFreeSlotDescending(new(default, PhysicalEnd.Value), sizeBytes, out PhysicalRange slot) != Errno.None)
            {
                message = $"no free physical range of {sizeBytes} bytes for {name}";
                return true;
            }

            bool collides = slot.Overlaps(added);
            message = collides ? PrivateConflict(name, slot, added) : "";
            return collides;
        }
    }

    private static string PrivateConflict(string name, PhysicalRange taken, PhysicalRange added) =>
        $"Unaddressable device {name} {Resource.Bracketed(taken)} conflicts with {Resource.Bracketed(added)}";
}
