// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Host;

/// <summary>A controller memory buffer as CMBLOC and CMBSZ tell it.</summary>
/// <param name="Bar">The BAR that it lies in.</param>
/// <param name="Offset">Byte offset in the BAR.</param>
/// <param name="Length">Bytes.</param>
/// <param name="CanReadData">Data of reads may go there (RDS).</param>
/// <param name="CanWriteData">Data of writes may come from there (WDS).</param>
public sealed record NvmeMemoryBuffer(int Bar, ulong Offset, ulong Length, bool CanReadData, bool CanWriteData);
