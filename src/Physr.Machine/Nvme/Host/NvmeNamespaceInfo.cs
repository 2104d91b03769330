// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Host;

/// <summary>A namespace as Identify tells it.</summary>
/// <param name="Id">NSID.</param>
/// <param name="Blocks">Its size in blocks (NSZE).</param>
/// <param name="BlockSize">Bytes in a block.</param>
/// <param name="IsReadOnly">Whether it is write protected now.</param>
public sealed record NvmeNamespaceInfo(uint Id, ulong Blocks, int BlockSize, bool IsReadOnly)
{
    /// <summary>Its size in bytes.</summary>
    public ulong Length => Blocks * (ulong)BlockSize;
}
