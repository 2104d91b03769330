// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Host;
using Physr.Memory;

namespace Physr.Machine.Svm;

/// <summary>The bytes of the machine's RAM, for those who reach them by address as the CPU does. They are those that devices reach over the fabric.</summary>
internal sealed class FabricRamBytes(HostMemory memory) : IRamBytes
{
    /// <summary>Chunks of simulated RAM are multiples of 2 MiB at multiples of it, below 4 GiB as above, so that no block lies in two.</summary>
    public Span<byte> BlockAt(PhysicalAddress address) => memory.SpanAt(address, PageSize.Size2M);
}
