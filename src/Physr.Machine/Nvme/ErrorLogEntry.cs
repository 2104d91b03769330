// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <summary>An entry of the Error Information log page (NVMe Base Specification 2.0, figure 205).</summary>
internal readonly record struct ErrorLogEntry(ulong Count, ushort QueueId, ushort CommandId, NvmeStatus Status, ulong Block, uint NamespaceId)
{
    public const int Size = 64;

    public void WriteTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Count);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], QueueId);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], CommandId);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[12..], (ushort)(Status.Value << 1));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[14..], 0xFFFF); // the parameter in error is not told
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], Block);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[24..], NamespaceId);
    }
}
