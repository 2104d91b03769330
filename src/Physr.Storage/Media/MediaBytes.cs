// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Storage;

/// <summary>The bytes of a medium at the physical addresses of its region, for process memory to map (<see cref="Mm.PhysicalMemory.AttachBytes"/>).</summary>
/// <param name="medium">Must show its bytes in whole 2 MiB blocks.</param>
/// <param name="start">Where its first byte lies, a multiple of 2 MiB.</param>
public sealed class MediaBytes(PersistentMemory medium, PhysicalAddress start) : IRamBytes
{
    /// <inheritdoc/>
    public Span<byte> BlockAt(PhysicalAddress address)
    {
        Span<byte> block = medium.WritableAt(address.OffsetFrom(start), PageSize.Size2M);
        return block.Length == (int)PageSize.Size2M ? block : throw new PhysrException("show bytes", medium.Name, Errno.EOPNOTSUPP, $"the 2 MiB at {address} do not lie in one piece");
    }
}
