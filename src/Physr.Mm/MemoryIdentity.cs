// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Mm;

/// <summary>What bytes are, whoever maps them where: two addresses with the same identity show the same bytes (the key of a futex, row R82).</summary>
/// <param name="Owner">The file, for bytes of a file or of shared memory; the <see cref="AddressSpace"/>, for a process's own.</param>
/// <param name="Index">The page's place in the file, in pages; of a process's own, in its addresses.</param>
/// <param name="Offset">The byte's place in the page.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MemoryIdentity(object Owner, ulong Index, uint Offset);
