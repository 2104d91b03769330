// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Hmm.Tests;

/// <summary>What an operation of a device gave: pages done (<c>cpages</c>) and how often the device had to fault.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MirrorResult(Errno Errno, int Pages, int Faults);
