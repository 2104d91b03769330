// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Raid;

namespace Physr.Machine.Storage;

/// <summary>RAM of the host for an array's stripes.</summary>
internal sealed class HostStripeMemory(SimulatedMachine machine, string array) : IStripeMemory
{
    public Errno TryAllocate(ulong bytes, out PhysicalRange range) => machine.Memory.TryAllocateOrdinary(bytes, $"stripes of {array}", out range);

    public void Free(PhysicalRange range) => machine.Memory.Free(range);
}
