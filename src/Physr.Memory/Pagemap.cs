// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>A description of device memory that is to have page descriptors, allocated and filled by the caller and registered with
/// <see cref="MemoryMap.Register(Pagemap)"/> (the kernel's <c>struct dev_pagemap</c>, row R2).</summary>
/// <remarks>Change it only while it is not registered. A failed registration leaves it as it was, ready for another try (row R2b).</remarks>
public sealed partial class Pagemap
{
    /// <summary>The largest <see cref="MetadataOrder"/>: a 1 GiB page.</summary>
    public const int MaxMetadataOrder = 18;

    private PagemapRegistration? _registration;

    /// <summary>How the memory relates to the CPU; must be set (row R1b).</summary>
    public MemoryType Type { get; set; }

    /// <summary>The physical ranges, each a multiple of the 2 MiB sub-section. Empty for memory in a <see cref="DevicePrivateSpace"/>.</summary>
    public IList<PhysicalRange> Ranges { get; } = [];

    /// <summary>Who it belongs to; drivers that share an owner recognise each other's private pages. Required for private and coherent memory.</summary>
    public object? Owner { get; set; }

    /// <summary>The name in messages.</summary>
    public string Name { get; set; } = "pagemap";

    /// <summary>Brings a private page back to RAM on a CPU fault; required for <see cref="MemoryType.DevicePrivate"/>.</summary>
    public MigrateToRamCallback? MigrateToRam { get; set; }

    /// <summary>Told exactly once when the last reference to a page goes (row R11a); required for private and coherent memory.</summary>
    public FolioFreeCallback? FolioFree { get; set; }

    /// <summary>Told of memory the hardware lost; <see cref="Errno.EOPNOTSUPP"/> asks for the generic handling (row R89).</summary>
    public MemoryFailureCallback? MemoryFailure { get; set; }

    /// <summary>Told when a large private page is split, for each new head.</summary>
    public FolioSplitCallback? FolioSplit { get; set; }

    /// <summary>Told when a file-system page becomes idle: whoever waits to truncate may go on.</summary>
    public FolioFreeCallback? PageIdle { get; set; }

    /// <summary>Told when no page of file-system memory is in use any more: whoever made the descriptors for the sake of those uses may take them away. New uses may begin at any time.</summary>
    public Action<Pagemap>? AllIdle { get; set; }

    /// <summary>Device memory that holds the descriptors; null takes them from RAM. Allowed with a single range only (row R8c).</summary>
    public Altmap? Altmap { get; set; }

    /// <summary>log2 of the 4 KiB pages in one unit of use; from order 8 on the descriptors of a unit are deduplicated (the kernel's <c>vmemmap_shift</c>, row R9).</summary>
    public int MetadataOrder { get; set; }

    /// <summary>What the type promises.</summary>
    public MemoryTypeAttributes Attributes => Type.Attributes();

    /// <summary>Whether it is registered; true until its teardown is complete.</summary>
    public bool IsRegistered => Volatile.Read(ref _registration) is not null;

    /// <summary>Whether new users are let in.</summary>
    public bool IsLive => Volatile.Read(ref _registration) is { References.IsKilled: false };

    /// <summary>How many ranges are mapped now: all of them while registered, else 0 (row R2b).</summary>
    public int MappedRangeCount { get; internal set; }

    /// <summary>References to it, those of creation included: one, plus one per (compound) page for generic, file-system and P2P memory.</summary>
    public long ReferenceCount => Volatile.Read(ref _registration)?.References.Count ?? 0;

    /// <summary>References beyond those of creation: what a teardown waits for.</summary>
    public long UserCount => Volatile.Read(ref _registration)?.References.Users ?? 0;

    /// <summary>How many times it was torn down after a registration (row R13c).</summary>
    public int ReleaseCount { get; internal set; }

    /// <summary>Real page descriptors it has now; deduplicated ones count once.</summary>
    public long DescriptorCount => Volatile.Read(ref _registration)?.DescriptorCount ?? 0;

    /// <summary>Bytes of its page descriptors, wherever they lie.</summary>
    public long DescriptorBytes => DescriptorCount * PageDescriptor.SizeBytes;

    internal PagemapRegistration? Registration
    {
        get => Volatile.Read(ref _registration);
        set => Volatile.Write(ref _registration, value);
    }

    /// <summary>The name and type.</summary>
    public override string ToString() => $"{Name} ({Type})";

    /// <summary>The checks that need nothing but the pagemap itself, in the kernel's order (rows R1b, R3, R4, R5a, R9c).</summary>
    internal Errno Validate(bool needsRanges, out string reason)
    {
        reason = "";
        if (needsRanges && Ranges.Count == 0)
        {
            reason = "no range given";
        }
        else if (!needsRanges && Ranges.Count != 0)
        {
            reason = "memory in a private offset space has no physical range";
        }
        else if (MetadataOrder is < 0 or > MaxMetadataOrder)
        {
            reason = $"metadata order {MetadataOrder} is not 0 to {MaxMetadataOrder}";
        }
        else if (!Type.IsValid())
        {
            reason = $"memory type {Type} is none of the five";
        }
        else if (Type == MemoryType.DevicePrivate && MigrateToRam is null)
        {
            reason = "private memory needs the migrate-to-RAM callback";
        }
        else if (Attributes.CountsReferencesPerAllocation && FolioFree is null)
        {
            reason = $"{Type} memory needs the folio-free callback";
        }
        else if (Attributes.CountsReferencesPerAllocation && Owner is null)
        {
            reason = $"{Type} memory needs an owner";
        }

        return reason.Length == 0 ? Errno.None : Errno.EINVAL;
    }
}
