// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Hmm.Tests;

/// <summary>One entry of a device's own page table.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DeviceEntry(PageKey Key, bool IsWritable, bool IsAtomic);
