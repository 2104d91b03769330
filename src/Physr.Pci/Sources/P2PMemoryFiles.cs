// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;

namespace Physr.Pci.Sources;

/// <summary>The readable files of a provider's sysfs directory <c>p2pmem</c> (row R55a), each one number and a line feed.</summary>
/// <param name="Size">Bytes of the pool.</param>
/// <param name="Available">Bytes not given out.</param>
/// <param name="IsPublished">Whether others may find the provider.</param>
public sealed record P2PMemoryFiles(ulong Size, ulong Available, bool IsPublished)
{
    /// <summary>The text of a file.</summary>
    /// <param name="name"><c>size</c>, <c>available</c> or <c>published</c>; the fourth, <c>allocate</c>, is for mapping and has no text.</param>
    /// <param name="text">The text.</param>
    public bool TryFormat(string name, out string text)
    {
        text = name switch
        {
            "size" => string.Create(CultureInfo.InvariantCulture, $"{Size}\n"),
            "available" => string.Create(CultureInfo.InvariantCulture, $"{Available}\n"),
            "published" => IsPublished ? "1\n" : "0\n",
            _ => "",
        };
        return text.Length != 0;
    }
}
