// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

public sealed partial class ResourceTree
{
    /// <summary>The innermost resource that holds <paramref name="address"/>; null when only the root does.</summary>
    public Resource? Find(PhysicalAddress address)
    {
        Resource at = Root;
        while (true)
        {
            int index = at.FirstChildEndingAfter(address);
            if (index == at.Children.Count || !at.Children[index].Range.Contains(address))
            {
                return at == Root ? null : at;
            }

            at = at.Children[index];
        }
    }

    /// <summary>Every resource below the root, parents first, ascending, with its depth (0 at the top).</summary>
    public IEnumerable<(Resource Resource, int Depth)> Walk()
    {
        Stack<(Resource Resource, int Depth)> pending = new();
        Push(Root, 0);
        while (pending.TryPop(out (Resource Resource, int Depth) next))
        {
            yield return next;
            Push(next.Resource, next.Depth + 1);
        }

        void Push(Resource parent, int depth)
        {
            for (int i = parent.Children.Count - 1; i >= 0; i--)
            {
                pending.Push((parent.Children[i], depth));
            }
        }
    }

    /// <summary>How <paramref name="range"/> lies to the resources with all of <paramref name="flags"/> and <paramref name="descriptor"/> (the kernel's
    /// <c>region_intersects</c>, row R18).</summary>
    /// <remarks>A top-level resource of another kind counts as something else, unless resources of the kind inside it cover all of its part of the range: RAM
    /// nested in a CXL window is RAM. Addresses no resource holds count as nothing.</remarks>
    public RegionIntersection RegionIntersects(PhysicalRange range, ResourceFlags flags, ResourceDescriptor descriptor)
    {
        bool same = false;
        bool other = false;
        for (int i = Root.FirstChildEndingAfter(range.Start); i < Root.Children.Count && Root.Children[i].Range.Overlaps(range); i++)
        {
            PhysicalRange part = Root.Children[i].Range.Intersect(range);
            ulong reached = part.Start.Value;
            Cover(Root.Children[i], part, flags, descriptor, ref reached, ref same);
            other |= reached < part.End.Value;
        }

        return !same ? RegionIntersection.Disjoint : other ? RegionIntersection.Mixed : RegionIntersection.Intersects;
    }

    /// <summary>The smallest range that holds both, when they share a byte (the kernel's <c>resource_union</c>).</summary>
    public static bool TryUnion(PhysicalRange first, PhysicalRange second, out PhysicalRange union)
    {
        bool overlap = first.Overlaps(second);
        union = overlap
            ? PhysicalRange.FromBounds(new(Math.Min(first.Start.Value, second.Start.Value)), new(Math.Max(first.End.Value, second.End.Value)))
            : default;
        return overlap;
    }

    /// <summary>The bytes in both, when there are any (the kernel's <c>resource_intersection</c>).</summary>
    public static bool TryIntersection(PhysicalRange first, PhysicalRange second, out PhysicalRange intersection)
    {
        intersection = first.Intersect(second);
        return !intersection.IsEmpty;
    }

    /// <summary>Moves <paramref name="reached"/> over the bytes that resources of the kind cover without a gap from where it stands.</summary>
    private static void Cover(Resource resource, PhysicalRange part, ResourceFlags flags, ResourceDescriptor descriptor, ref ulong reached, ref bool same)
    {
        if (resource.Matches(flags, descriptor))
        {
            same = true;
            if (resource.Range.Start.Value <= reached)
            {
                reached = Math.Max(reached, Math.Min(part.End.Value, resource.Range.End.Value));
            }

            return;
        }

        for (int i = resource.FirstChildEndingAfter(part.Start); i < resource.Children.Count && resource.Children[i].Range.Overlaps(part); i++)
        {
            Cover(resource.Children[i], part, flags, descriptor, ref reached, ref same);
        }
    }
}
