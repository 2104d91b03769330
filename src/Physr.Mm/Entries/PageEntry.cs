// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
namespace Physr.Mm;

/// <summary>One entry of a page table, at 4 KiB or at 2 MiB: a present page or one of the special entries (row R19).</summary>
/// <remarks>Bits 0 to 9 are flags, 10 to 57 the page's key or what stands in its place, 58 to 62 the swap type of an entry that is not present: 0 to 23 are swap areas, the eight
/// above are the kernel's special types, so that none can be taken for another.</remarks>
/// <param name="Value">The word.</param>
public readonly record struct PageEntry(ulong Value)
{
    /// <summary>How many swap areas there can be: 32 types less those of devices, migration, poison and markers (row R19c).</summary>
    public const int MaxSwapAreas = 24;

    internal const ulong PresentBit = 1 << 0;
    internal const ulong WriteBit = 1 << 1;
    internal const ulong UserBit = 1 << 2;
    internal const ulong HugeBit = 1 << 3;
    internal const ulong YoungBit = 1 << 4;
    internal const ulong DirtyBit = 1 << 5;
    internal const ulong SoftDirtyBit = 1 << 6;
    internal const ulong ExclusiveBit = 1 << 7;
    internal const ulong SpecialBit = 1 << 8;
    internal const int KeyShift = 10;
    internal const ulong KeyMask = (1UL << 48) - 1;

    private const int TypeShift = 58;
    private const ulong TypeMask = 31;

    // In the order of PageEntryKind from HwPoison on.
    private const int FirstSpecialType = MaxSwapAreas;

    /// <summary>What it is.</summary>
    public PageEntryKind Kind
    {
        get
        {
            if (IsPresent)
            {
                return PageEntryKind.Present;
            }

            if (Value == 0)
            {
                return PageEntryKind.None;
            }

            int type = Type;
            return type < FirstSpecialType ? PageEntryKind.Swap : PageEntryKind.HwPoison + (type - FirstSpecialType);
        }
    }

    /// <summary>Nothing is there.</summary>
    public bool IsNone => Value == 0;

    /// <summary>The CPU reaches a page by it, if its rights allow.</summary>
    public bool IsPresent => (Value & PresentBit) != 0;

    /// <summary>It stands for 2 MiB.</summary>
    public bool IsHuge => (Value & HugeBit) != 0;

    /// <summary>A present entry that may be written through without a fault.</summary>
    public bool IsWritable => (Value & (PresentBit | WriteBit)) == (PresentBit | WriteBit);

    /// <summary>A present entry that may be read through; not so below <c>PROT_NONE</c>.</summary>
    public bool IsAccessible => (Value & (PresentBit | UserBit)) == (PresentBit | UserBit);

    /// <summary>Written through since it was last cleaned.</summary>
    public bool IsDirty => (Value & DirtyBit) != 0;

    /// <summary>Used since it was last aged.</summary>
    public bool IsYoung => (Value & YoungBit) != 0;

    /// <summary>Written since soft-dirty bits were cleared, as far as they are kept.</summary>
    public bool IsSoftDirty => (Value & SoftDirtyBit) != 0;

    /// <summary>A present entry whose page is not the process's in the ordinary sense: a zero page, or memory without page descriptors.</summary>
    public bool IsSpecial => (Value & SpecialBit) != 0;

    /// <summary>A swap entry that only one process has.</summary>
    public bool IsExclusiveSwap => (Value & ExclusiveBit) != 0;

    /// <summary>Whether it names a page with a descriptor that the CPU does not reach: migration, device-private, device-exclusive and poison.</summary>
    public bool NamesPage => Kind is >= PageEntryKind.HwPoison and <= PageEntryKind.DeviceExclusive;

    /// <summary>Whether it is one of the three migration kinds.</summary>
    public bool IsMigration => Kind is >= PageEntryKind.MigrationRead and <= PageEntryKind.MigrationWrite;

    /// <summary>Whether it is one of the two device-private kinds.</summary>
    public bool IsDevicePrivate => Kind is PageEntryKind.DevicePrivateRead or PageEntryKind.DevicePrivateWrite;

    /// <summary>The page it names, for entries that name one.</summary>
    public PageKey Key
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new((Value >> KeyShift) & KeyMask);
    }

    /// <summary>The swap area of a <see cref="PageEntryKind.Swap"/> entry.</summary>
    public int SwapArea => Type;

    /// <summary>The slot of a <see cref="PageEntryKind.Swap"/> entry.</summary>
    public ulong SwapSlot => (Value >> KeyShift) & KeyMask;

    /// <summary>What a <see cref="PageEntryKind.Marker"/> remembers.</summary>
    public PageMarkers Markers => Kind == PageEntryKind.Marker ? (PageMarkers)((Value >> KeyShift) & KeyMask) : PageMarkers.None;

    /// <summary>The swap type, as <c>pagemap</c> shows it.</summary>
    internal int Type => (int)((Value >> TypeShift) & TypeMask);

    /// <summary>An entry for a page that the CPU reaches.</summary>
    /// <param name="key">The page.</param>
    /// <param name="flags">Of the bits above.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static PageEntry Present(PageKey key, ulong flags) => new((key.Value << KeyShift) | PresentBit | flags);

    /// <summary>An entry for a slot of a swap area.</summary>
    /// <param name="area">0 to 23.</param>
    /// <param name="slot">From 1: slot 0 holds the area's header, so that no entry is 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such area or slot.</exception>
    public static PageEntry Swap(int area, ulong slot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)area, (uint)MaxSwapAreas, nameof(area));
        ArgumentOutOfRangeException.ThrowIfZero(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(slot, KeyMask);
        return new(((ulong)area << TypeShift) | (slot << KeyShift));
    }

    /// <summary>An entry that names a page which the CPU does not reach.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The kind names no page.</exception>
    public static PageEntry Special(PageEntryKind kind, PageKey key)
    {
        if (kind is < PageEntryKind.HwPoison or > PageEntryKind.DeviceExclusive)
        {
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "This kind of entry names no page.");
        }

        return new(((ulong)(FirstSpecialType + (kind - PageEntryKind.HwPoison)) << TypeShift) | (key.Value << KeyShift));
    }

    /// <summary>An entry that remembers something where no page is.</summary>
    public static PageEntry Marker(PageMarkers markers) =>
        new(((ulong)(FirstSpecialType + (PageEntryKind.Marker - PageEntryKind.HwPoison)) << TypeShift) | ((ulong)markers << KeyShift));

    /// <summary>The same kind of entry for another page, keeping flags.</summary>
    internal PageEntry WithKey(PageKey key) => new((Value & ~(KeyMask << KeyShift)) | (key.Value << KeyShift));

    internal PageEntry With(ulong bits) => new(Value | bits);

    internal PageEntry Without(ulong bits) => new(Value & ~bits);

    internal PageEntry WithKind(PageEntryKind kind) => new(Special(kind, Key).Value | (Value & (HugeBit | SoftDirtyBit | YoungBit | DirtyBit)));

    /// <summary>The kind, and the page or slot.</summary>
    public override string ToString() => Kind switch
    {
        PageEntryKind.None => "none",
        PageEntryKind.Present => $"{Key}{(IsWritable ? " writable" : "")}{(IsDirty ? " dirty" : "")}{(IsHuge ? " 2 MiB" : "")}",
        PageEntryKind.Swap => $"swap {SwapArea}:{SwapSlot}",
        PageEntryKind.Marker => $"marker {Markers}",
        _ => $"{Kind} {Key}{(IsHuge ? " 2 MiB" : "")}",
    };
}
