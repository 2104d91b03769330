// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Broker;

/// <summary>A client's way to another device's private memory over an interconnect of their own.</summary>
/// <param name="Client">The client.</param>
/// <param name="Start">The pagemap's first byte as the client addresses it there.</param>
/// <param name="Length">How much of the pagemap it reaches, from its first byte on.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PrivateLink(DmaDevice Client, DmaAddress Start, ulong Length);
