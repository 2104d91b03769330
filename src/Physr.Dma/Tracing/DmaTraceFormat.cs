// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Collections.Frozen;
using F = Physr.Dma.Tracing.DmaTraceFields;
using K = Physr.Dma.Tracing.DmaTraceEventKind;

namespace Physr.Dma.Tracing;

/// <summary>The text of trace events: their names, what each must hold, and the words for directions and attributes. The kernel's are those of
/// <c>include/trace/events/dma.h</c>, from 6.12, where it was new, to 7.3.</summary>
internal static class DmaTraceFormat
{
    /// <summary>An event's name, the fields it cannot do without, and how it looks after its device's name.</summary>
    internal sealed record Entry(string Name, K Kind, F Needed, string Shape);

    private const string MapShape = "dir= dma_addr= size= phys_addr= attrs=";
    private const string UnmapShape = "dir= dma_addr= size= attrs=";
    private const string AllocShape = "dma_addr= size= virt_addr= attrs=";
    private const string SyncShape = "dir= dma_addr= size=";
    private const string SyncListShape = "dir= dma_addrs={} sizes={}";

    public static IReadOnlyList<Entry> Events { get; } =
    [
        new("dma_map_phys", K.MapPhys, F.Direction | F.Address | F.Size | F.Memory, MapShape),
        new("dma_map_page", K.MapPage, F.Direction | F.Address | F.Size | F.Memory, MapShape),
        new("dma_map_resource", K.MapResource, F.Direction | F.Address | F.Size | F.Memory, MapShape),
        new("dma_unmap_phys", K.UnmapPhys, F.Direction | F.Address | F.Size, UnmapShape),
        new("dma_unmap_page", K.UnmapPage, F.Direction | F.Address | F.Size, UnmapShape),
        new("dma_unmap_resource", K.UnmapResource, F.Direction | F.Address | F.Size, UnmapShape),
        new("dma_alloc", K.Alloc, F.Address | F.Size | F.CpuAddress, AllocShape),
        new("dma_alloc_pages", K.AllocPages, F.Address | F.Size | F.CpuAddress, AllocShape),
        new("dma_alloc_sgt", K.AllocTable, F.Address | F.Size | F.Memories, "dir= dma_addr= size= phys_addrs={} attrs="),
        new("dma_alloc_sgt_err", K.AllocTableError, F.None, AllocShape),
        new("dma_free", K.Free, F.Address | F.Size | F.CpuAddress, AllocShape),
        new("dma_free_pages", K.FreePages, F.Address | F.Size | F.CpuAddress, AllocShape),
        new("dma_free_sgt", K.FreeTable, F.Address | F.Size, "dir= dma_addr= size= phys_addrs={}"),
        new("dma_map_sg", K.MapList, F.Direction | F.Addresses | F.Sizes | F.Memories, "dir= dma_addrs={} sizes={} phys_addrs={} attrs="),
        new("dma_map_sg_err", K.MapListError, F.None, "dir= dma_addrs={} err= attrs="),
        new("dma_unmap_sg", K.UnmapList, F.Direction | F.Memories, "dir= phys_addrs={} attrs="),
        new("dma_sync_single_for_cpu", K.SyncForCpu, F.Direction | F.Address | F.Size, SyncShape),
        new("dma_sync_single_for_device", K.SyncForDevice, F.Direction | F.Address | F.Size, SyncShape),
        new("dma_sync_sg_for_cpu", K.SyncListForCpu, F.Direction | F.Addresses | F.Sizes, SyncListShape),
        new("dma_sync_sg_for_device", K.SyncListForDevice, F.Direction | F.Addresses | F.Sizes, SyncListShape),
        new("physr_dma_trace", K.Header, F.None, ""),
        new("physr_dma_device", K.Device, F.None, "mask= max_segment= boundary="),
        new("physr_dma_bind", K.Bind, F.Driver, "driver="),
        new("physr_dma_unbind", K.Unbind, F.None, ""),
        new("physr_dma_memory", K.Memory, F.Kinds | F.Memory | F.Size, "kinds= phys_addr= size="),
        new("physr_dma_mapping_error", K.MappingError, F.Address, "dma_addr="),
        new("physr_dma_refused", K.UnmapRefused, F.Address, "dma_addr="),
        new("physr_dma_access", K.Access, F.Address | F.Size | F.Write, "dma_addr= size= write="),
        new("physr_dma_revoke", K.Revoke, F.Address | F.Size, "dma_addr= size="),
        new("physr_dma_reservation", K.Reservation, F.Step | F.Address | F.Size | F.Offset, "step= dir= dma_addr= offset= size= phys_addr= done= attrs="),
    ];

    public static FrozenDictionary<string, Entry> ByName { get; } = Events.ToFrozenDictionary(static entry => entry.Name, StringComparer.Ordinal);

    public static Entry Of(K kind) => Events[(int)kind - 1];

    public static FrozenDictionary<string, F> Fields { get; } = new Dictionary<string, F>(StringComparer.Ordinal)
    {
        ["dir"] = F.Direction,
        ["dma_addr"] = F.Address,
        ["size"] = F.Size,
        ["phys_addr"] = F.Memory,
        ["attrs"] = F.Attributes,
        ["virt_addr"] = F.CpuAddress,
        ["dma_addrs"] = F.Addresses,
        ["sizes"] = F.Sizes,
        ["phys_addrs"] = F.Memories,
        ["err"] = F.Error,
        ["nents"] = F.Entries,
        ["ents"] = F.Segments,
        ["cut"] = F.Cut,
        ["driver"] = F.Driver,
        ["mask"] = F.Mask,
        ["max_segment"] = F.MaxSegment,
        ["boundary"] = F.Boundary,
        ["kinds"] = F.Kinds,
        ["write"] = F.Write,
        ["step"] = F.Step,
        ["offset"] = F.Offset,
        ["done"] = F.Done,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string NameOf(F field) => Fields.First(known => known.Value == field).Key;

    public static FrozenDictionary<string, DmaDirection> Directions { get; } = new Dictionary<string, DmaDirection>(StringComparer.Ordinal)
    {
        ["BIDIRECTIONAL"] = DmaDirection.Bidirectional,
        ["TO_DEVICE"] = DmaDirection.ToDevice,
        ["FROM_DEVICE"] = DmaDirection.FromDevice,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The attributes by the words of the trace, which are not always those of the interface.</summary>
    public static IReadOnlyList<(string Word, DmaAttributes Attribute)> AttributeWords { get; } =
    [
        ("WEAK_ORDERING", DmaAttributes.WeakOrdering),
        ("WRITE_COMBINE", DmaAttributes.WriteCombine),
        ("NO_KERNEL_MAPPING", DmaAttributes.NoKernelMapping),
        ("SKIP_CPU_SYNC", DmaAttributes.SkipCpuSync),
        ("FORCE_CONTIGUOUS", DmaAttributes.ForceContiguous),
        ("ALLOC_SINGLE_PAGES", DmaAttributes.AllocateSinglePages),
        ("NO_WARN", DmaAttributes.NoWarn),
        ("PRIVILEGED", DmaAttributes.Privileged),
        ("MMIO", DmaAttributes.Mmio),
        ("CACHELINES_OVERLAP", DmaAttributes.DebuggingIgnoreCachelines),
        ("REQUIRE_COHERENT", DmaAttributes.RequireCoherent),
        ("CC_SHARED", DmaAttributes.ConfidentialShared),
    ];

    public static FrozenDictionary<string, DmaAttributes> Attributes { get; } =
        AttributeWords.ToFrozenDictionary(static word => word.Word, static word => word.Attribute, StringComparer.Ordinal);

    public static string WordOf(DmaDirection direction) => direction switch
    {
        DmaDirection.ToDevice => "TO_DEVICE",
        DmaDirection.FromDevice => "FROM_DEVICE",
        _ => "BIDIRECTIONAL",
    };
}
