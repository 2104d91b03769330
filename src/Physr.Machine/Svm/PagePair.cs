// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Svm;

/// <summary>Pages in RAM and as many in a GPU's memory, one the place of the other's bytes.</summary>
/// <param name="Index">Their place in the batch of a migration.</param>
/// <param name="Frame">The first in RAM.</param>
/// <param name="Offset">Where in the GPU's memory.</param>
/// <param name="Pages">How many: 1, or 512.</param>
internal readonly record struct PagePair(int Index, PageFrameNumber Frame, ulong Offset, int Pages);
