// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Storage.Pmem;

/// <content>The ways to use memory.</content>
public sealed partial record DescriptorPlan
{
    private const string Impossible = "not for this size: ";

    private static IEnumerable<DescriptorChoice> AllWays(ulong size) =>
    [
        Plain("page-less", PlannedMemory.PageLess, size, PageSize.Size4K, 0, "DMA by range lists needs no descriptor; nothing of it is mapped into processes"),
        Namespace(NamespaceName(PlannedMemory.FsDax, PageSize.Size2M, false), NamespaceMode.FsDax, size, PageSize.Size2M, MapLocation.Ram),
        Namespace(NamespaceName(PlannedMemory.FsDax, PageSize.Size2M, true), NamespaceMode.FsDax, size, PageSize.Size2M, MapLocation.Device),
        Namespace(NamespaceName(PlannedMemory.DevDax, PageSize.Size4K, false), NamespaceMode.DevDax, size, PageSize.Size4K, MapLocation.Ram),
        Namespace(NamespaceName(PlannedMemory.DevDax, PageSize.Size2M, false), NamespaceMode.DevDax, size, PageSize.Size2M, MapLocation.Ram),
        Namespace(NamespaceName(PlannedMemory.DevDax, PageSize.Size1G, false), NamespaceMode.DevDax, size, PageSize.Size1G, MapLocation.Ram),
        Namespace(NamespaceName(PlannedMemory.DevDax, PageSize.Size4K, true), NamespaceMode.DevDax, size, PageSize.Size4K, MapLocation.Device),
        Plain("pciP2P", PlannedMemory.PciP2P, size, PageSize.Size2M, PerPage(size), "64 B for each 4 KiB, in RAM"),
        Plain("private", PlannedMemory.Private, size, PageSize.Size2M, PerPage(size), "64 B for each 4 KiB, in RAM: pages move one by one"),
        Plain("ram", PlannedMemory.Ram, size, PageSize.Size4K, PerPage(size), "64 B for each 4 KiB, in RAM itself, from boot"),
        Huge(size, PageSize.Size2M),
        Huge(size, PageSize.Size1G),
    ];

    private static ulong PerPage(ulong size) => (size >> PageSize.Shift4K) * PageDescriptor.SizeBytes;

    private static string NameOf(DescriptorPlanRequest request) => request.Memory switch
    {
        PlannedMemory.PageLess => "page-less",
        PlannedMemory.PciP2P => "pciP2P",
        PlannedMemory.Private => "private",
        PlannedMemory.Ram => request.AlignOrUsual == PageSize.Size4K ? "ram" : HugeName(request.AlignOrUsual),
        PlannedMemory.FsDax => NamespaceName(request.Memory, Math.Max(PageSize.Size2M, request.AlignOrUsual), request.HasAltmap),
        _ => NamespaceName(request.Memory, request.AlignOrUsual, request.HasAltmap),
    };

    // Where nothing is added, fsdax places its data by 2 MiB: 4 KiB comes to the same.
    private static string NamespaceName(PlannedMemory memory, ulong align, bool hasAltmap) =>
        $"{(memory == PlannedMemory.FsDax ? "fsdax" : "devdax")}{(memory == PlannedMemory.FsDax && align == PageSize.Size2M ? "" : $" {Sizes.Of(align)}")}{(hasAltmap ? " altmap" : "")}";

    private static string HugeName(ulong page) => $"ram {Sizes.Of(page)} huge";

    private static DescriptorChoice Plain(string name, PlannedMemory memory, ulong size, ulong unit, ulong descriptors, string why)
    {
        bool isPossible = (size & (unit - 1)) == 0;
        return isPossible ? new(name, memory, descriptors, 0, size, 0, why, true, false) : new(name, memory, 0, 0, 0, 0, $"{Impossible}no multiple of {Sizes.Of(unit)}", false, false);
    }

    private static DescriptorChoice Huge(ulong size, ulong page)
    {
        bool isPossible = (size & (page - 1)) == 0;
        return isPossible
            ? new(HugeName(page), PlannedMemory.Ram, PagemapCost.HugeTlbBytes(size, page), 0, size, 0, $"HugeTLB keeps one 4 KiB page of descriptors for each {Sizes.Of(page)}", true, false)
            : new(HugeName(page), PlannedMemory.Ram, 0, 0, 0, 0, $"{Impossible}no multiple of {Sizes.Of(page)}", false, false);
    }

    private static DescriptorChoice Namespace(string name, NamespaceMode mode, ulong size, ulong align, MapLocation map)
    {
        PlannedMemory memory = mode == NamespaceMode.FsDax ? PlannedMemory.FsDax : PlannedMemory.DevDax;
        if (PfnLayout.TryCompute(mode, size, align, map, out PfnLayout layout, out string reason) != Errno.None)
        {
            return new(name, memory, 0, 0, 0, 0, Impossible + reason, false, false);
        }

        bool onDevice = map == MapLocation.Device;
        bool isShared = new DescriptorLayout(layout.MetadataOrder, onDevice).IsDeduplicated;
        string why = onDevice ? "64 B for each 4 KiB, before the data" : isShared ? $"8 KiB for each {Sizes.Of(align)}, in RAM" : "64 B for each 4 KiB, in RAM";
        string trimmed = layout.EndTrunc == 0 ? "" : $", {Sizes.Of(layout.EndTrunc)} at the end that fill no unit";
        ulong head = layout.WasteBytes - layout.EndTrunc;
        return new(
            name, memory, onDevice ? 0 : layout.DescriptorBytes, onDevice ? layout.DescriptorBytes : 0, layout.UsableBytes, layout.WasteBytes,
            $"{why}; {Sizes.Of(head)} of head (info block, rounded to {Sizes.Of(Math.Max(align, PageSize.Size2M))}){trimmed}", true, false);
    }
}
