// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

/// <summary>Pages of a file that lie in one piece on the device.</summary>
/// <param name="Page">The first page of the file, by 4 KiB.</param>
/// <param name="Block">The block of the device that holds it, by 4 KiB from the device's start.</param>
/// <param name="Count">Pages, and blocks.</param>
public readonly record struct Extent(ulong Page, ulong Block, ulong Count)
{
    /// <summary>The first page behind it.</summary>
    public ulong End => Page + Count;
}
