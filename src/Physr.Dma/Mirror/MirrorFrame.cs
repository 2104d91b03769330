// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Mirror;

/// <summary>What a mirror knows of one page: its frame and flags in one word, laid out as the kernel's <c>hmm_pfn</c> (section 1.4).</summary>
/// <param name="Value">The word.</param>
public readonly record struct MirrorFrame(ulong Value)
{
    private const ulong FrameMask = (1UL << 53) - 1;
    private const int OrderShift = 53;
    private const ulong OrderMask = 31;

    // Frames have at most 44 bits (56 bits of address), so that this one tells pages of the private offset space apart.
    private const ulong PrivateBit = 1UL << 47;

    /// <summary>A valid page.</summary>
    public static MirrorFrame Of(PageFrameNumber frame, MirrorFlags flags = MirrorFlags.Valid) => new((frame.Value & FrameMask) | (ulong)flags);

    /// <summary>A valid page of the device-private offset space, which has no frame number.</summary>
    public static MirrorFrame OfPrivate(DevicePrivateOffset offset, MirrorFlags flags = MirrorFlags.Valid) => new((offset.Value >> PageSize.Shift4K) | PrivateBit | (ulong)flags);

    /// <summary>Whether the page lies in the device-private offset space: nothing of it may reach DMA (row R42c).</summary>
    public bool IsPrivateOffset => (Value & PrivateBit) != 0;

    /// <summary>The offset of a page in the device-private offset space.</summary>
    /// <exception cref="InvalidOperationException">It has a frame number.</exception>
    public DevicePrivateOffset PrivateOffset => IsPrivateOffset
        ? new((Value & (PrivateBit - 1)) << PageSize.Shift4K)
        : throw new InvalidOperationException("The page has a frame number, no private offset.");

    /// <summary>The frame.</summary>
    /// <exception cref="InvalidOperationException">The page lies in the private offset space.</exception>
    public PageFrameNumber Frame => !IsPrivateOffset ? new(Value & FrameMask) : throw new InvalidOperationException("A page of the private offset space has no frame number.");

    /// <summary>Its flags.</summary>
    public MirrorFlags Flags => (MirrorFlags)(Value & (ulong)MirrorFlags.All);

    /// <summary>log2 of the 4 KiB pages in the CPU's mapping that it is a part of.</summary>
    public int Order => (int)((Value >> OrderShift) & OrderMask);

    /// <summary>The same page as a part of a mapping of 2^<paramref name="order"/> pages.</summary>
    public MirrorFrame WithOrder(int order) => new((Value & ~(OrderMask << OrderShift)) | ((ulong)order << OrderShift));

    /// <summary>Whether all of some flags are set.</summary>
    public bool Has(MirrorFlags flags) => (Flags & flags) == flags;

    /// <summary>The same page with more flags.</summary>
    public MirrorFrame With(MirrorFlags flags) => new(Value | (ulong)flags);

    /// <summary>The same page with fewer flags.</summary>
    public MirrorFrame Without(MirrorFlags flags) => new(Value & ~(ulong)flags);

    /// <summary>What a new look at the page tables gave, keeping what is known of its DMA mapping (row R41a).</summary>
    public MirrorFrame Refresh(MirrorFrame seen) => seen.Without(MirrorFlags.Sticky).With(Flags & MirrorFlags.Sticky);

    /// <summary>The frame and the flags.</summary>
    public override string ToString() => $"{(IsPrivateOffset ? $"private {PrivateOffset}" : Frame)} {Flags}";
}
