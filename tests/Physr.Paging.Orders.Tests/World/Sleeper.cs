// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Orders.Tests;

/// <summary>A thread that sleeps on a page's word.</summary>
internal sealed class Sleeper(int page)
{
    public int Page { get; } = page;

    public bool IsWoken { get; set; }
}
