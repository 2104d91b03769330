// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Memory;

/// <summary>A range and its owner, as an <see cref="OwnerTable"/> is built of them.</summary>
/// <param name="Range">The bytes; any granularity.</param>
/// <param name="Provider">The owner.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct OwnedRange(PhysicalRange Range, ProviderIndex Provider);
