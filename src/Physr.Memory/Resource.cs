// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>One named range of physical addresses in a <see cref="ResourceTree"/> (the kernel's <c>struct resource</c>). Ranges are half-open here and
/// print inclusively, as in <c>/proc/iomem</c>.</summary>
public sealed class Resource
{
    private readonly List<Resource> _children = [];

    internal Resource(string name, PhysicalRange range, ResourceFlags flags, ResourceDescriptor descriptor)
    {
        Name = name;
        Range = range;
        Flags = flags;
        Descriptor = descriptor;
    }

    /// <summary>What it is called: <c>System RAM</c>, <c>0000:03:00.0</c>, a driver's name.</summary>
    public string Name { get; }

    /// <summary>Its bytes.</summary>
    public PhysicalRange Range { get; }

    /// <summary>What it is.</summary>
    public ResourceFlags Flags { get; }

    /// <summary>What it is for.</summary>
    public ResourceDescriptor Descriptor { get; }

    /// <summary>The resource it lies in; null for a root, and once removed.</summary>
    public Resource? Parent { get; private set; }

    /// <summary>The resources directly inside, ascending and disjoint.</summary>
    public IReadOnlyList<Resource> Children => _children;

    /// <summary>Whether it is system RAM.</summary>
    public bool IsSystemRam => (Flags & ResourceFlags.SystemRam) == ResourceFlags.SystemRam;

    /// <summary>Whether it has all of <paramref name="flags"/>, and <paramref name="descriptor"/> where that is not <see cref="ResourceDescriptor.None"/>.</summary>
    public bool Matches(ResourceFlags flags, ResourceDescriptor descriptor) =>
        (Flags & flags) == flags && (descriptor == ResourceDescriptor.None || Descriptor == descriptor);

    /// <summary>The resource as the kernel's messages name it: <c>System RAM [mem 0x100000-0x1fffff]</c>, the end inclusive.</summary>
    public override string ToString() => $"{Name} {Bracketed(Range)}";

    internal static string Bracketed(PhysicalRange range) => range.IsEmpty ? $"[mem {range.Start} empty]" : $"[mem {range.Start}-{range.Last}]";

    /// <summary>The index of the first child that ends above <paramref name="address"/>.</summary>
    internal int FirstChildEndingAfter(PhysicalAddress address)
    {
        int low = 0;
        int high = _children.Count;
        while (low < high)
        {
            int middle = (int)((uint)(low + high) >> 1);
            if (_children[middle].Range.End.Value > address.Value)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>The first child that shares a byte with <paramref name="range"/>, and its index.</summary>
    internal Resource? FirstOverlap(PhysicalRange range, out int index)
    {
        index = FirstChildEndingAfter(range.Start);
        return index < _children.Count && _children[index].Range.Overlaps(range) ? _children[index] : null;
    }

    internal void InsertAt(int index, Resource child)
    {
        Check(Range.Contains(child.Range), child);
        Check(index == 0 || _children[index - 1].Range.End.Value <= child.Range.Start.Value, child);
        Check(index == _children.Count || child.Range.End.Value <= _children[index].Range.Start.Value, child);
        _children.Insert(index, child);
        child.Parent = this;
    }

    /// <summary>Puts <paramref name="adopter"/> in the place of <paramref name="count"/> children and moves them into it.</summary>
    internal void Adopt(int index, int count, Resource adopter)
    {
        List<Resource> moved = _children.GetRange(index, count);
        _children.RemoveRange(index, count);
        foreach (Resource child in moved)
        {
            adopter.InsertAt(adopter._children.Count, child);
        }

        InsertAt(index, adopter);
    }

    /// <summary>Takes <paramref name="child"/> out and puts its own children in its place.</summary>
    internal void Dissolve(Resource child)
    {
        int index = _children.IndexOf(child);
        Check(index >= 0, child);
        _children.RemoveAt(index);
        child.Parent = null;
        foreach (Resource grandchild in child._children)
        {
            InsertAt(index++, grandchild);
        }

        child._children.Clear();
    }

    private void Check(bool holds, Resource child)
    {
        if (!holds)
        {
            throw new PhysrException("change resource tree", child.ToString(), Errno.EINVAL, $"the children of {this} must stay inside it, ascending and disjoint");
        }
    }
}
