// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Machine.Nvme.Media;

namespace Physr.Machine.Nvme;

/// <summary>A namespace as the controller keeps it.</summary>
internal sealed class NvmeNamespace
{
    public NvmeNamespace(uint id, NvmeNamespaceOptions options)
    {
        Id = id;
        Media = options.Media;
        BlockShift = BitOperations.Log2((uint)options.BlockSize);
        Blocks = options.Media.Length >> BlockShift;
    }

    public uint Id { get; }

    public INvmeMedia Media { get; }

    public int BlockShift { get; }

    public ulong Blocks { get; }

    public bool Contains(ulong start, ulong count) => start <= Blocks && count <= Blocks - start;
}
