// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>What an array needs of the machine it runs on.</summary>
/// <param name="Memory">Memory for parity and metadata.</param>
/// <param name="Bytes">The CPU's view of that memory, and of the memory at the other end of bios.</param>
public sealed record RaidHost(IStripeMemory Memory, IHostBytes Bytes);
