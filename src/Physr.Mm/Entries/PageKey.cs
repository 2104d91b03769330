// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Memory;

namespace Physr.Mm;

/// <summary>The number of a page as an entry of a page table holds it: a frame of physical memory, or a page of the device-private offset space, told apart by one bit.</summary>
/// <param name="Value">48 bits.</param>
public readonly record struct PageKey(ulong Value)
{
    /// <summary>Set for a page of the offset space.</summary>
    internal const ulong OffsetSpaceBit = 1UL << 47;

    /// <summary>Whether it lies in the device-private offset space and has no frame number.</summary>
    public bool IsOffset => (Value & OffsetSpaceBit) != 0;

    /// <summary>The frame.</summary>
    /// <exception cref="InvalidOperationException">It has no frame number.</exception>
    public PageFrameNumber Frame => !IsOffset ? new(Value) : throw new InvalidOperationException("A page of the private offset space has no frame number.");

    /// <summary>The offset.</summary>
    /// <exception cref="InvalidOperationException">It has a frame number.</exception>
    public DevicePrivateOffset Offset => IsOffset ? new((Value & ~OffsetSpaceBit) << PageSize.Shift4K) : throw new InvalidOperationException("The page has a frame number, no private offset.");

    /// <summary>The key of a frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PageKey Of(PageFrameNumber frame) => new(frame.Value);

    /// <summary>The key of a page of the offset space.</summary>
    public static PageKey Of(DevicePrivateOffset offset) => new((offset.Value >> PageSize.Shift4K) | OffsetSpaceBit);

    /// <summary>The key of a device's page, however it is numbered.</summary>
    public static PageKey Of(DevicePage page) => page.HasNoFrame ? Of(page.Offset) : Of(page.Frame);

    /// <summary>The page <paramref name="pages"/> further up.</summary>
    public PageKey Add(ulong pages) => new(Value + pages);

    /// <summary>The frame or the offset.</summary>
    public override string ToString() => IsOffset ? $"private {Offset}" : Frame.ToString();
}
