// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;

namespace Physr.Hmm;

/// <summary>One page of a migration: its number and flags in one word, laid out as the kernel's <c>MIGRATE_PFN</c> (section 1.4).</summary>
/// <param name="Value">The word.</param>
public readonly record struct MigrateFrame(ulong Value)
{
    /// <summary>Of a source: one entry mapped it, which the batch knows. The bit is free in the kernel's word.</summary>
    internal const MigrateFlags Sole = (MigrateFlags)4;

    private const int KeyShift = 6;

    /// <summary>Nothing.</summary>
    public static MigrateFrame None => default;

    /// <summary>The page.</summary>
    public PageKey Key => new(Value >> KeyShift);

    /// <summary>Its flags.</summary>
    public MigrateFlags Flags => (MigrateFlags)Value & MigrateFlags.All;

    /// <summary>Whether there is a page.</summary>
    public bool IsValid => Has(MigrateFlags.Valid);

    /// <summary>Whether it can move, or did.</summary>
    public bool Moves => Has(MigrateFlags.Migrate);

    /// <summary>A page.</summary>
    public static MigrateFrame Of(PageKey key, MigrateFlags flags = MigrateFlags.Valid) => new((key.Value << KeyShift) | (ulong)(flags | MigrateFlags.Valid));

    /// <summary>A page of RAM, as a destination.</summary>
    public static MigrateFrame Of(PageFrameNumber frame, MigrateFlags flags = MigrateFlags.Valid) => Of(PageKey.Of(frame), flags);

    /// <summary>A page of a device, as a destination.</summary>
    public static MigrateFrame Of(DevicePage page, MigrateFlags flags = MigrateFlags.Valid) => Of(PageKey.Of(page), flags);

    /// <summary>No page, but a place that can be filled.</summary>
    internal static MigrateFrame Hole(MigrateFlags flags = MigrateFlags.None) => new((ulong)(flags | MigrateFlags.Migrate));

    /// <summary>Whether all of some flags are set.</summary>
    public bool Has(MigrateFlags flags) => (Flags & flags) == flags;

    internal bool IsSole => (Value & (ulong)Sole) != 0;

    internal MigrateFrame With(MigrateFlags flags) => new(Value | (ulong)flags);

    internal MigrateFrame Without(MigrateFlags flags) => new(Value & ~(ulong)flags);

    /// <summary>The page and the flags.</summary>
    public override string ToString() => IsValid ? $"{Key} {Flags}" : $"no page {Flags}";
}
