// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Mirror;

/// <summary>What a mirror knows of one page: its frame and flags in one word, laid out as the kernel's <c>hmm_pfn</c> (section 1.4).</summary>
/// <param name="Value">The word.</param>
public readonly record struct MirrorFrame(ulong Value)
{
    private const ulong FrameMask = (1UL << 53) - 1;

    /// <summary>A valid page.</summary>
    public static MirrorFrame Of(PageFrameNumber frame, MirrorFlags flags = MirrorFlags.Valid) => new((frame.Value & FrameMask) | (ulong)flags);

    /// <summary>The frame.</summary>
    public PageFrameNumber Frame => new(Value & FrameMask);

    /// <summary>Its flags.</summary>
    public MirrorFlags Flags => (MirrorFlags)(Value & (ulong)MirrorFlags.All);

    /// <summary>log2 of the 4 KiB pages in the CPU's mapping that it is a part of.</summary>
    public int Order => (int)(Value >> 53) & 31;

    /// <summary>Whether all of some flags are set.</summary>
    public bool Has(MirrorFlags flags) => (Flags & flags) == flags;

    /// <summary>The same page with more flags.</summary>
    public MirrorFrame With(MirrorFlags flags) => new(Value | (ulong)flags);

    /// <summary>The same page with fewer flags.</summary>
    public MirrorFrame Without(MirrorFlags flags) => new(Value & ~(ulong)flags);

    /// <summary>What a new look at the page tables gave, keeping what is known of its DMA mapping (row R41a).</summary>
    public MirrorFrame Refresh(MirrorFrame seen) => seen.Without(MirrorFlags.Sticky).With(Flags & MirrorFlags.Sticky);

    /// <summary>The frame and the flags.</summary>
    public override string ToString() => $"{Frame} {Flags}";
}
