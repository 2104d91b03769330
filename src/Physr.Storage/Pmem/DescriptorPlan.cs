// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <summary>What page descriptors cost for one memory, exactly, for every way to use it (pains P11, P12; section 3, numbers 1 to 5). Nothing is allocated to find out.</summary>
/// <param name="Request">What was asked.</param>
/// <param name="Chosen">The way that was asked for.</param>
/// <param name="Choices">All ways, the page-less one first; the chosen one is marked.</param>
/// <param name="Notes">What is worth knowing: alignment traps, where capacity goes.</param>
public sealed partial record DescriptorPlan(DescriptorPlanRequest Request, DescriptorChoice Chosen, IReadOnlyList<DescriptorChoice> Choices, IReadOnlyList<string> Notes)
{
    /// <summary>The largest memory: the physical address space of 56 bits.</summary>
    public const ulong MostBytes = 1UL << 56;

    /// <summary>Plans.</summary>
    /// <param name="request">What is to be planned.</param>
    /// <param name="plan">The plan; null on failure.</param>
    /// <param name="reason">What is wrong and what would be right; empty on success.</param>
    public static bool TryMake(DescriptorPlanRequest request, out DescriptorPlan? plan, out string reason)
    {
        ArgumentNullException.ThrowIfNull(request);
        plan = null;
        reason = Judge(request);
        if (reason.Length != 0)
        {
            return false;
        }

        List<DescriptorChoice> choices = [.. AllWays(request.Size).Select(way => way with { IsChosen = string.Equals(way.Name, NameOf(request), StringComparison.Ordinal) })];
        DescriptorChoice chosen = choices.Find(static way => way.IsChosen);
        if (chosen.Name is null)
        {
            // A file system's data placed by another unit: one more way, beside the usual one.
            chosen = Namespace(NameOf(request), NamespaceMode.FsDax, request.Size, request.AlignOrUsual, request.HasAltmap ? MapLocation.Device : MapLocation.Ram) with { IsChosen = true };
            choices.Insert(1, chosen);
        }

        reason = chosen.IsPossible ? "" : chosen.Why;
        plan = chosen.IsPossible ? new(request, chosen, choices, NotesOn(request, chosen)) : null;
        return plan is not null;
    }

    private static string Judge(DescriptorPlanRequest request)
    {
        ulong align = request.AlignOrUsual;
        ulong unit = UnitOf(request.Memory, align);
        return true switch
        {
            _ when request.Memory is < PlannedMemory.PageLess or > PlannedMemory.Ram => $"nothing is known of memory of kind {request.Memory}",
            _ when !PfnLayout.IsAlignment(align) => $"{Sizes.Of(align)} is no alignment: 4KiB, 2MiB and 1GiB are",
            _ when request.Size == 0 => "a size of 0 holds nothing",
            _ when request.Size > MostBytes => $"{Sizes.Of(request.Size)} is more than a physical address space of {Sizes.Of(MostBytes)} holds",
            _ when request.HasAltmap && request.Memory is PlannedMemory.Private or PlannedMemory.PageLess => "an altmap needs memory that the CPU writes descriptors to: only fsdax and devdax have one",
            _ when request.HasAltmap && request.Memory is PlannedMemory.Ram or PlannedMemory.PciP2P => "an altmap is for memory that brings its own descriptors: only fsdax and devdax have one",
            _ when request.HasAltmap && request.Memory == PlannedMemory.DevDax && align != PageSize.Size4K => $"descriptors on the device are never shared, so that an alignment of {Sizes.Of(align)} saves none with an altmap: give 4KiB, or leave the altmap",
            _ when (request.Size & (unit - 1)) != 0 => Rounding(request.Memory, request.Size, unit),
            _ => "",
        };
    }

    /// <summary>By what the size of a kind of memory has to come.</summary>
    private static ulong UnitOf(PlannedMemory memory, ulong align) => memory switch
    {
        PlannedMemory.PageLess => PageSize.Size4K,
        PlannedMemory.Ram => align,
        _ => PageSize.Size2M,
    };

    private static string Rounding(PlannedMemory memory, ulong size, ulong unit)
    {
        ulong down = Alignment.Down(size, unit);
        string why = memory switch
        {
            PlannedMemory.PageLess => "ranges come by pages of 4KiB",
            PlannedMemory.Ram => $"RAM comes by pages of {Sizes.Of(unit)}",
            _ => "page descriptors come by sub-sections of 2MiB",
        };
        string right = down == 0 ? Sizes.Of(unit) : $"{Sizes.Of(down)} or {Sizes.Of(down + unit)}";
        return $"{Sizes.Of(size)} is no multiple of {Sizes.Of(unit)}, and {why}: {right} would be right";
    }
}
