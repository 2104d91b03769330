// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

public sealed partial class ResourceTree
{
    /// <summary>Takes a range that nothing decodes, the highest there is, to number device-private memory with (the kernel's <c>request_free_mem_region</c>, row R14).</summary>
    /// <param name="within">The range to search; its end is where the search starts.</param>
    /// <param name="size">How many bytes; rounded up to whole 128 MiB sections.</param>
    /// <param name="name">The name in <c>/proc/iomem</c>.</param>
    /// <param name="resource">The busy resource tagged <see cref="ResourceDescriptor.DevicePrivateMemory"/>; null on failure.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.EINVAL"/> for size 0; <see cref="Errno.ERANGE"/> when no slot is free.</returns>
    public Errno RequestFreeRegion(PhysicalRange within, ulong size, string name, out Resource? resource)
    {
        resource = null;
        Errno errno = FindFreeSlotDescending(within, size, out PhysicalRange slot);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = RequestRegion(name, slot, ResourceFlags.Memory | ResourceFlags.Busy, ResourceDescriptor.DevicePrivateMemory, out resource, out _);
        return errno == Errno.None ? errno : Errno.ERANGE;
    }

    /// <summary>Takes the lowest free range inside <paramref name="parent"/>, as CXL does (the kernel's <c>alloc_free_mem_region</c>, row R15).</summary>
    /// <remarks>Candidates step by the rounded size, from the parent's start or from <paramref name="alignment"/>, whichever is higher: address 0 is never given out.</remarks>
    /// <param name="parent">The resource to search and to nest in.</param>
    /// <param name="size">How many bytes; rounded up to the alignment.</param>
    /// <param name="alignment">A power of two, in bytes.</param>
    /// <param name="name">The name in <c>/proc/iomem</c>.</param>
    /// <param name="resource">The new resource, which has no children; null on failure.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.EINVAL"/> for size 0; <see cref="Errno.ERANGE"/> when none is free below the top.</returns>
    public Errno AllocateFreeRegion(Resource parent, ulong size, ulong alignment, string name, out Resource? resource)
    {
        ArgumentNullException.ThrowIfNull(parent);
        resource = null;
        if (size == 0)
        {
            return Errno.EINVAL;
        }

        if (!TryRoundUp(size, alignment, out size) || !TryRoundUp(Math.Max(parent.Range.Start.Value, alignment), alignment, out ulong start))
        {
            return Errno.ERANGE;
        }

        ulong end = parent.Range.End.Value;
        while (start <= end && size <= end - start)
        {
            PhysicalRange slot = new(new(start), size);
            if (parent.FirstOverlap(slot, out _) is null)
            {
                Errno errno = Insert(name, slot, ResourceFlags.Memory, ResourceDescriptor.None, out resource, out _, parent);
                return errno == Errno.None ? errno : Errno.ERANGE;
            }

            start += size;
        }

        return Errno.ERANGE;
    }

    /// <summary>Where <see cref="RequestFreeRegion"/> would land, without taking it.</summary>
    internal Errno FindFreeSlotDescending(PhysicalRange within, ulong size, out PhysicalRange slot)
    {
        slot = default;
        if (size == 0)
        {
            return Errno.EINVAL;
        }

        PhysicalRange searched = within.Intersect(Root.Range);
        if (!TryRoundUp(size, PageSize.Section, out size) || size > searched.Length)
        {
            return Errno.ERANGE;
        }

        // Sections are hotplugged whole, so a slot starts on one; the kernel gets the same from an end that is a power of two.
        ulong start = Alignment.Down(searched.End.Value - size, PageSize.Section);
        while (start >= searched.Start.Value)
        {
            slot = new(new(start), size);
            if (Root.FirstOverlap(slot, out _) is null)
            {
                return Errno.None;
            }

            if (start < size)
            {
                break;
            }

            start -= size;
        }

        slot = default;
        return Errno.ERANGE;
    }

    private static bool TryRoundUp(ulong value, ulong alignment, out ulong rounded)
    {
        rounded = unchecked(value + (alignment - 1)) & ~(alignment - 1);
        return Alignment.IsAligned(rounded, alignment) && rounded >= value;
    }
}
