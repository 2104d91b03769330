// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>One line of <c>/proc/iomem</c>.</summary>
/// <param name="Depth">Nesting as printed: two spaces per level.</param>
/// <param name="Range">The bytes, half-open; the text's end is inclusive. Zero-length never occurs: a hidden line reads as byte 0.</param>
/// <param name="Name">The name.</param>
/// <param name="Line">The line number, from 1.</param>
public readonly record struct IomemEntry(int Depth, PhysicalRange Range, string Name, int Line);
