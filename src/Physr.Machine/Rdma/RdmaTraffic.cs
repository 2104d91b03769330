// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma;

/// <summary>What went one way through a network and arrived.</summary>
/// <param name="Packets">Pieces.</param>
/// <param name="PayloadBytes">Bytes of users' messages.</param>
/// <param name="WireBytes">Those and the headers.</param>
public readonly record struct RdmaTraffic(ulong Packets, ulong PayloadBytes, ulong WireBytes);
