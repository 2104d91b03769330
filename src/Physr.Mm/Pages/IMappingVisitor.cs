// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Told of the places where a page may be mapped.</summary>
internal interface IMappingVisitor
{
    /// <summary>A run of addresses where a run of the (large) page's parts may be mapped; whether they are, the entries say.</summary>
    /// <param name="area">The area.</param>
    /// <param name="address">Of the first part.</param>
    /// <param name="firstPart">Which part of the large page.</param>
    /// <param name="parts">How many, at addresses one after the other.</param>
    void Visit(VirtualMemoryArea area, ulong address, int firstPart, int parts);
}
