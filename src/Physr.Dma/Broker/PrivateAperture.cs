// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Broker;

/// <summary>A window in the owner's BAR through which a run of its private memory shows.</summary>
/// <param name="Offset">The run's first byte, from the pagemap's first one.</param>
/// <param name="Window">Where it shows, and by which provider; its length is the run's.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PrivateAperture(ulong Offset, ProvidedRange Window)
{
    /// <summary>Whether a byte of the pagemap shows in it.</summary>
    internal bool Shows(ulong offset) => offset - Offset < Window.Range.Length;
}
