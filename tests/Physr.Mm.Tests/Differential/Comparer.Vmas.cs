// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;

namespace Physr.Mm.Tests.Differential;

/// <summary>VMAs and their sums, exactly or after merging what only one side has merged.</summary>
internal static partial class Comparer
{
    private static readonly SmapsField[] s_proportional = [SmapsField.Pss, SmapsField.Pss_Dirty, SmapsField.SwapPss];

    private static string? Vmas(string name, ProcessObservation expected, ProcessObservation got, CompareOptions options)
    {
        (List<Group> kernel, List<Group> model) = Lists(expected, got, options);
        if (kernel.Count == model.Count && kernel.Zip(model).All(pair => IsSame(pair.First.Vma, pair.Second.Vma, options)))
        {
            return null;
        }

        StringBuilder text = new();
        Show(text, $"  {name}, VMAs that the kernel has:", expected);
        Show(text, $"  {name}, VMAs that the model has:", got);
        return text.ToString();
    }

    private static string? Fields(string name, ProcessObservation expected, ProcessObservation got, CompareOptions options)
    {
        (List<Group> kernel, List<Group> model) = Lists(expected, got, options);
        foreach ((Group first, Group second) in kernel.Zip(model))
        {
            for (SmapsField field = SmapsField.Size; field <= SmapsField.THPeligible; field++)
            {
                if ((field == SmapsField.Referenced && !options.HasFlag(CompareOptions.CompareReferenced)) || (field != SmapsField.Size && options.HasFlag(CompareOptions.IgnoreSmaps)))
                {
                    continue;
                }

                // Each VMA's share is rounded down by itself, so a sum of several may lack one kB for each.
                uint slack = s_proportional.Contains(field) ? (uint)(Math.Max(first.Count, second.Count) - 1) : 0;
                if (Math.Abs((long)first.Vma[field] - second.Vma[field]) > slack)
                {
                    return Line($"{name}, {first.Vma}, {field}", $"{first.Vma[field]} kB", $"{second.Vma[field]} kB");
                }
            }
        }

        return null;
    }

    private static (List<Group> Kernel, List<Group> Model) Lists(ProcessObservation expected, ProcessObservation got, CompareOptions options)
    {
        HashSet<ulong>? common = null;
        if (options.HasFlag(CompareOptions.IgnoreMerging))
        {
            common = Boundaries(expected);
            common.IntersectWith(Boundaries(got));
        }

        return (Grouped(expected, common), Grouped(got, common));
    }

    private static HashSet<ulong> Boundaries(ProcessObservation seen) => [.. seen.Vmas.Select(static vma => vma.Start), .. seen.Vmas.Select(static vma => vma.End)];

    /// <summary>The VMAs; with boundaries given, neighbours that could be one VMA are, unless both sides have a boundary there.</summary>
    private static List<Group> Grouped(ProcessObservation seen, HashSet<ulong>? boundaries)
    {
        List<Group> groups = [];
        foreach (VmaObservation vma in seen.Vmas)
        {
            if (boundaries?.Contains(vma.Start) != false || groups.Count == 0 || !AreContiguous(groups[^1].Vma, vma))
            {
                groups.Add(new(vma, 1));
                continue;
            }

            VmaObservation whole = groups[^1].Vma;
            whole.End = vma.End;
            for (SmapsField field = SmapsField.Size; field <= SmapsField.THPeligible; field++)
            {
                whole[field] += vma[field];
            }

            groups[^1] = new(whole, groups[^1].Count + 1);
        }

        return groups;
    }

    private static bool AreContiguous(VmaObservation first, VmaObservation second) =>
        first.End == second.Start && first.Permissions == second.Permissions && first.Backing == second.Backing && first.Flags == second.Flags
        && (first.Backing == VmaObservation.Anonymous || first.Offset + (first.End - first.Start) == second.Offset);

    private static bool IsSame(VmaObservation first, VmaObservation second, CompareOptions options) =>
        first.Start == second.Start && first.End == second.End && first.Permissions == second.Permissions && first.Backing == second.Backing && first.Offset == second.Offset
        && (first.Flags == second.Flags || options.HasFlag(CompareOptions.IgnoreVmFlags));

    private static void Show(StringBuilder text, string title, ProcessObservation seen)
    {
        text.AppendLine(title);
        foreach (VmaObservation vma in seen.Vmas)
        {
            text.AppendLine($"    {vma}");
        }
    }

    private readonly record struct Group(VmaObservation Vma, int Count);
}
