// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>Bytes of shared pages that are to be mapped; holds a reference to the pages.</summary>
/// <param name="Pages">The pages.</param>
/// <param name="ByteOffset">The first byte, from the start of page 0.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct PagePart(IoPages Pages, ulong ByteOffset, ulong Length);
