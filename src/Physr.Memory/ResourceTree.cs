// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>The tree of who decodes which physical addresses (the kernel's <c>iomem_resource</c>): ordered, nested, never partially overlapping.</summary>
/// <remarks>Not safe for concurrent writers; <see cref="MemoryMap"/> serialises its own changes under its lock. Physical ranges never include the last byte of
/// the 64-bit space (see <see cref="AddressRange{TAddress}"/>).</remarks>
public sealed partial class ResourceTree
{
    /// <summary>Makes an empty tree.</summary>
    /// <param name="physicalAddressBits">Width of a physical address, 12 to 64 bits; the root spans all of it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is not 12 to 64.</exception>
    public ResourceTree(int physicalAddressBits = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(physicalAddressBits, 12);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(physicalAddressBits, 64);
        ulong length = physicalAddressBits == 64 ? ulong.MaxValue : 1UL << physicalAddressBits;
        Root = new("PCI mem", new(default, length), ResourceFlags.Memory, ResourceDescriptor.None);
    }

    /// <summary>Raised after a change, with the resource that came or went.</summary>
    public event Action<Resource>? Changed;

    /// <summary>The whole address space; not printed in <c>/proc/iomem</c>.</summary>
    public Resource Root { get; }

    /// <summary>Takes a range directly inside a parent (the kernel's <c>request_resource</c>).</summary>
    /// <param name="name">The name in <c>/proc/iomem</c>.</param>
    /// <param name="range">The bytes; not empty.</param>
    /// <param name="flags">What it is.</param>
    /// <param name="descriptor">What it is for.</param>
    /// <param name="resource">The new resource; null on failure.</param>
    /// <param name="conflict">On <see cref="Errno.EBUSY"/>, the child in the way, or the parent itself when the range leaves it.</param>
    /// <param name="parent">Where to look; the root when null.</param>
    /// <returns><see cref="Errno.None"/>, <see cref="Errno.EINVAL"/> for an empty range, <see cref="Errno.EBUSY"/> with the conflict named.</returns>
    public Errno Request(
        string name, PhysicalRange range, ResourceFlags flags, ResourceDescriptor descriptor, out Resource? resource, out Resource? conflict, Resource? parent = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        parent ??= Root;
        resource = null;
        conflict = null;
        if (range.IsEmpty)
        {
            return Errno.EINVAL;
        }

        conflict = Conflict(parent, range, out int index);
        if (conflict is not null)
        {
            return Errno.EBUSY;
        }

        resource = new(name, range, flags, descriptor);
        parent.InsertAt(index, resource);
        Changed?.Invoke(resource);
        return Errno.None;
    }

    /// <summary>Takes a range, descending into resources that are not busy (the kernel's <c>__request_region</c>): how a driver claims part of a window.</summary>
    /// <inheritdoc cref="Request"/>
    public Errno RequestRegion(
        string name, PhysicalRange range, ResourceFlags flags, ResourceDescriptor descriptor, out Resource? resource, out Resource? conflict, Resource? parent = null)
    {
        parent ??= Root;
        while (true)
        {
            Errno errno = Request(name, range, flags, descriptor, out resource, out conflict, parent);
            if (errno != Errno.EBUSY || conflict == parent || conflict!.Flags.HasFlag(ResourceFlags.Busy))
            {
                return errno;
            }

            parent = conflict;
        }
    }

    /// <summary>Puts a range at its place in the nesting: inside what contains it, around what it contains (the kernel's <c>insert_resource</c>).</summary>
    /// <remarks>A range equal to an existing one goes around it. Only a partial overlap, or leaving the parent, fails.</remarks>
    /// <inheritdoc cref="Request"/>
    public Errno Insert(
        string name, PhysicalRange range, ResourceFlags flags, ResourceDescriptor descriptor, out Resource? resource, out Resource? conflict, Resource? parent = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        parent ??= Root;
        resource = null;
        conflict = null;
        if (range.IsEmpty)
        {
            return Errno.EINVAL;
        }

        Resource? first;
        int index;
        while (true)
        {
            first = Conflict(parent, range, out index);
            if (first == parent)
            {
                conflict = parent;
                return Errno.EBUSY;
            }

            if (first is null || !first.Range.Contains(range) || first.Range == range)
            {
                break;
            }

            parent = first;
        }

        int count = 0;
        for (int i = index; first is not null && i < parent.Children.Count && parent.Children[i].Range.Overlaps(range); i++)
        {
            if (!range.Contains(parent.Children[i].Range))
            {
                conflict = parent.Children[i];
                return Errno.EBUSY;
            }

            count++;
        }

        resource = new(name, range, flags, descriptor);
        parent.Adopt(index, count, resource);
        Changed?.Invoke(resource);
        return Errno.None;
    }

    /// <summary>Takes a resource out; its children take its place (the kernel's <c>remove_resource</c>).</summary>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.ENOENT"/> when it is not in this tree (any more).</returns>
    public Errno Remove(Resource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        Resource top = resource;
        while (top.Parent is not null)
        {
            top = top.Parent;
        }

        if (top != Root || resource == Root)
        {
            return Errno.ENOENT;
        }

        resource.Parent!.Dissolve(resource);
        Changed?.Invoke(resource);
        return Errno.None;
    }

    /// <summary>What is in the way of <paramref name="range"/> directly inside <paramref name="parent"/>: null, a child, or the parent where the range leaves it.</summary>
    private static Resource? Conflict(Resource parent, PhysicalRange range, out int index)
    {
        if (!parent.Range.Contains(range))
        {
            index = -1;
            return parent;
        }

        return parent.FirstOverlap(range, out index);
    }
}
