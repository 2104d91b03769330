// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Mm.Tests.Differential;

/// <summary>
/// What is to be seen of one page of one process. <paramref name="Frame"/>: equal numbers in one observation, in whatever process, are the same frame; zero is none. The
/// comparison renumbers them, so a model may give any. <paramref name="Mincore"/>: 0 or 1, <see cref="Unmapped"/> where there is no VMA.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal record struct PageObservation(ushort Frame, PageFlags Flags, byte Mincore)
{
    public const byte Unmapped = 255;
}
