// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <summary>Which pages are wanted, and how they are to lie.</summary>
/// <param name="Bytes">How many bytes of them: whole pages.</param>
/// <param name="PageBytes">How large each is.</param>
/// <param name="Alignment">What the address is a multiple of: a power of two, no less than a page.</param>
/// <param name="Guard">Bytes before and behind that nobody may touch: whole pages, or none.</param>
/// <param name="Protection">What may be done with them.</param>
/// <param name="Flags">How they are mapped.</param>
/// <param name="File">What is mapped; null: no file.</param>
/// <param name="Offset">From where in it.</param>
internal readonly record struct PageRequest(
    nuint Bytes, nuint PageBytes, nuint Alignment, nuint Guard, Protection Protection, MapFlags Flags, SafeFileHandle? File, ulong Offset);
