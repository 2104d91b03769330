// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>A remote host that reaches the machine through one of its NICs.</summary>
/// <param name="Name">Unique in the scenario.</param>
/// <param name="Nic">The NIC it talks to.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="BytesPerSecond">What the network moves each way.</param>
/// <param name="LatencyNanoseconds">One way.</param>
public sealed record InitiatorSpec(string Name, string Nic, ulong MemoryBytes, ulong BytesPerSecond, ulong LatencyNanoseconds);
