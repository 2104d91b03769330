// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>Signals (<c>sigset_t</c>); all zeros is none.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct SignalSet;
