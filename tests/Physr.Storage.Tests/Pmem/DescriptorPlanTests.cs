// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Storage.Pmem;
using static Physr.Storage.Tests.Pmem.PmemHost;

namespace Physr.Storage.Tests.Pmem;

/// <summary>The planner against section 3, and against what registering really costs.</summary>
public sealed class DescriptorPlanTests
{
    [Theory]
    [InlineData(PlannedMemory.FsDax, TiB, null, false, 16 * GiB, TiB - (2 * MiB), 2 * MiB)]
    [InlineData(PlannedMemory.DevDax, TiB, null, false, 4 * GiB, TiB - (2 * MiB), 2 * MiB)]
    [InlineData(PlannedMemory.DevDax, TiB, GiB, false, 8 * MiB, TiB - GiB, GiB)]
    [InlineData(PlannedMemory.DevDax, TiB, 4 * KiB, false, 16 * GiB, TiB - (2 * MiB), 2 * MiB)]
    [InlineData(PlannedMemory.FsDax, 1500 * GiB, null, true, 24000 * MiB, (1500 * GiB) - (24002 * MiB), 2 * MiB)]
    [InlineData(PlannedMemory.DevDax, 1500 * GiB, null, true, 24000 * MiB, (1500 * GiB) - (24002 * MiB), 2 * MiB)]
    [InlineData(PlannedMemory.Private, 80 * GiB, null, false, 1280 * MiB, 80 * GiB, 0)]
    [InlineData(PlannedMemory.PciP2P, 64 * MiB, null, false, MiB, 64 * MiB, 0)]
    [InlineData(PlannedMemory.Ram, TiB, null, false, 16 * GiB, TiB, 0)]
    [InlineData(PlannedMemory.Ram, TiB, 2 * MiB, false, 2 * GiB, TiB, 0)]
    [InlineData(PlannedMemory.Ram, TiB, GiB, false, 4 * MiB, TiB, 0)]
    [InlineData(PlannedMemory.PageLess, TiB, null, false, 0, TiB, 0)]
    [InlineData(PlannedMemory.DevDax, (3 * GiB) + (6 * MiB), GiB, false, 24 * KiB, 2 * GiB, GiB + (6 * MiB))]
    public void S3_FiguresAreExactToThePage(PlannedMemory memory, ulong size, ulong? align, bool altmap, ulong descriptors, ulong usable, ulong waste)
    {
        DescriptorPlan plan = Make(new(memory, size) { Align = align, HasAltmap = altmap });
        Assert.Equal((descriptors, usable, waste), (plan.Chosen.DescriptorBytes, plan.Chosen.UsableBytes, plan.Chosen.WasteBytes));
        Assert.Equal(altmap ? descriptors : 0, plan.Chosen.DeviceBytes);
        Assert.Equal(plan.Chosen, Assert.Single(plan.Choices, static choice => choice.IsChosen));
        Assert.Equal("page-less", plan.Choices[0].Name);
        Assert.Equal(plan.Choices.Count, plan.Choices.Select(static choice => choice.Name).Distinct().Count());
        Assert.All(plan.Choices.Where(static choice => choice.IsPossible), choice => Assert.Equal(size, choice.UsableBytes + choice.DeviceBytes + choice.WasteBytes));
    }

    [Theory]
    [InlineData(64 * MiB, 4 * KiB, MapLocation.Ram)]
    [InlineData(64 * MiB, 2 * MiB, MapLocation.Ram)]
    [InlineData(3 * GiB, GiB, MapLocation.Ram)]
    [InlineData(62 * MiB, 4 * KiB, MapLocation.Device)]
    public void R9a_WhatIsPlannedIsWhatEnablingCosts(ulong size, ulong align, MapLocation map)
    {
        foreach ((PlannedMemory memory, NamespaceMode mode) in ((PlannedMemory, NamespaceMode)[])[(PlannedMemory.FsDax, NamespaceMode.FsDax), (PlannedMemory.DevDax, NamespaceMode.DevDax)])
        {
            using PmemHost host = new(size);
            PmemNamespace each = host.Enable(new(mode) { Align = align, Map = map });
            DescriptorChoice planned = Make(new(memory, size) { Align = align, HasAltmap = map == MapLocation.Device }).Chosen;
            Assert.Equal((long)planned.RamBytes, host.Map.DescriptorBytes);
            Assert.Equal((long)planned.DeviceBytes, host.Map.DeviceDescriptorBytes);
            Assert.Equal(planned.UsableBytes, each.Dax!.Length);
        }
    }

    [Theory]
    [InlineData(PlannedMemory.FsDax, 0, null, false, "0 holds nothing")]
    [InlineData(PlannedMemory.FsDax, (1UL << 56) + (2 * MiB), null, false, "64PiB")]
    [InlineData(PlannedMemory.FsDax, (7 * MiB) + 512, null, false, "no multiple of 2MiB, and page descriptors come by sub-sections of 2MiB: 6MiB or 8MiB would be right")]
    [InlineData(PlannedMemory.PciP2P, 64 * KiB, null, false, "2MiB would be right")]
    [InlineData(PlannedMemory.Ram, (5 * KiB), null, false, "4KiB or 8KiB")]
    [InlineData(PlannedMemory.Ram, 3 * MiB, 2 * MiB, false, "2MiB or 4MiB")]
    [InlineData(PlannedMemory.DevDax, TiB, 2 * MiB, true, "never shared")]
    [InlineData(PlannedMemory.DevDax, TiB, GiB, true, "leave the altmap")]
    [InlineData(PlannedMemory.Private, TiB, null, true, "only fsdax and devdax")]
    [InlineData(PlannedMemory.Ram, TiB, null, true, "only fsdax and devdax")]
    [InlineData(PlannedMemory.PciP2P, TiB, null, true, "only fsdax and devdax")]
    [InlineData(PlannedMemory.DevDax, TiB, 64 * KiB, false, "4KiB, 2MiB and 1GiB")]
    [InlineData(PlannedMemory.DevDax, GiB, GiB, false, "nothing else")]
    [InlineData(PlannedMemory.FsDax, 2 * MiB, null, false, "4194304 or more")]
    [InlineData((PlannedMemory)9, GiB, null, false, "nothing is known")]
    public void BadInputIsOneReasonWithWhatWouldBeRight(PlannedMemory memory, ulong size, ulong? align, bool altmap, string part)
    {
        Assert.False(DescriptorPlan.TryMake(new(memory, size) { Align = align, HasAltmap = altmap }, out DescriptorPlan? plan, out string reason));
        Assert.Null(plan);
        Assert.Contains(part, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TrapsAreNoted()
    {
        string notes = string.Join(" ", Make(new(PlannedMemory.DevDax, (3 * GiB) + (6 * MiB)) { Align = GiB }).Notes);
        Assert.Contains("2MiB sub-section", notes, StringComparison.Ordinal);
        Assert.Contains("16MiB: there 3GiB", notes, StringComparison.Ordinal);
        Assert.Contains("128MiB section", notes, StringComparison.Ordinal);
        Assert.Contains("a whole GiB goes to an info block", notes, StringComparison.Ordinal);
        Assert.Contains("6MiB at the end", notes, StringComparison.Ordinal);
        Assert.Contains("Page-less", notes, StringComparison.Ordinal);
        notes = string.Join(" ", Make(new(PlannedMemory.FsDax, TiB)).Notes);
        Assert.DoesNotContain("128MiB", notes, StringComparison.Ordinal);
        Assert.DoesNotContain("PowerPC", notes, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileSystemPlacedBy1GiBIsOneMoreWay()
    {
        DescriptorPlan plan = Make(new(PlannedMemory.FsDax, 8 * GiB) { Align = GiB });
        Assert.Equal("fsdax 1GiB", plan.Chosen.Name);
        Assert.Equal(7 * GiB, plan.Chosen.UsableBytes);
        Assert.Equal(13, plan.Choices.Count);
    }

    [Fact]
    public void WaysThatAreNotPossibleSayWhy()
    {
        DescriptorPlan plan = Make(new(PlannedMemory.PageLess, 64 * KiB));
        DescriptorChoice p2p = plan.Choices.Single(static choice => choice.Name == "pciP2P");
        Assert.False(p2p.IsPossible);
        Assert.Contains("no multiple of 2MiB", p2p.Why, StringComparison.Ordinal);
        Assert.Equal(PageDescriptor.SizeBytes * 16UL, plan.Choices.Single(static choice => choice.Name == "ram").DescriptorBytes);
    }

    private static DescriptorPlan Make(DescriptorPlanRequest request)
    {
        Assert.True(DescriptorPlan.TryMake(request, out DescriptorPlan? plan, out string reason), reason);
        return plan!;
    }
}
