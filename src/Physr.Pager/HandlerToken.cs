// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pager;

/// <summary>What an event of a handler's <c>epoll</c> is about.</summary>
/// <param name="Region">The region's place in the table.</param>
/// <param name="Source">Which of its descriptors.</param>
internal readonly record struct HandlerToken(int Region, HandlerSource Source)
{
    /// <summary>As a number.</summary>
    public ulong Value => ((ulong)(uint)Region << 8) | (byte)Source;

    /// <summary>From a number.</summary>
    public static HandlerToken Of(ulong value) => new((int)(value >> 8), (HandlerSource)(byte)value);
}
