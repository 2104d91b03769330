// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;

namespace Physr.Linux.Mapped;

/// <summary>What is to be mapped.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name, for messages.</param>
/// <param name="File">The file: whoever maps it takes it over. Null where there is none.</param>
/// <param name="PageBytes">How large its pages are.</param>
/// <param name="Length">Bytes that it has; null where it has no length: a character device, or no file.</param>
internal sealed record MappedSource(MappedKind Kind, string Name, SafeFileHandle? File, nuint PageBytes, ulong? Length);
