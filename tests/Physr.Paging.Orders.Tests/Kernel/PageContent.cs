// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Control;

namespace Physr.Paging.Orders.Tests;

/// <summary>A page of which one number is all of its bytes: it stands at both ends.</summary>
internal static unsafe class PageContent
{
    /// <summary>What half a page looks like.</summary>
    public const ulong Torn = ulong.MaxValue;

    // SAFETY: whoever calls passes the address of a page of memory that is there: a lane's, or a medium's.

    public static ulong Peek(nint page)
    {
        ulong first = *(ulong*)page;
        return *(ulong*)(page + ControlLayout.PageBytes - sizeof(ulong)) == first ? first : Torn;
    }

    public static void Poke(nint page, ulong bytes)
    {
        *(ulong*)page = bytes;
        *(ulong*)(page + ControlLayout.PageBytes - sizeof(ulong)) = bytes;
    }
}
