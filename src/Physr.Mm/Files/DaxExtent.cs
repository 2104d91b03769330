// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Mm;

/// <summary>Where a page of a DAX file lies.</summary>
/// <param name="Frame">Its frame; meaningless for a hole.</param>
/// <param name="Pages">How many pages from it on lie in a row and are alike; at least 1.</param>
/// <param name="IsHole">Whether nothing is there yet: it reads as zeros.</param>
/// <param name="IsShared">Whether another file has it too: a store through a mapping has to part it first.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DaxExtent(PageFrameNumber Frame, ulong Pages, bool IsHole = false, bool IsShared = false);
