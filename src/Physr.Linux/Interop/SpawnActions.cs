// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>What a child does with descriptors before its program starts (<c>posix_spawn_file_actions_t</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 80)]
internal struct SpawnActions;
