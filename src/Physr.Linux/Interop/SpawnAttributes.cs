// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>What a child is (<c>posix_spawnattr_t</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 336)]
internal struct SpawnAttributes;
