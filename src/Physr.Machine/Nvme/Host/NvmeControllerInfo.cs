// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Host;

/// <summary>A controller as Identify and its registers tell it.</summary>
/// <param name="Serial">SN, trimmed.</param>
/// <param name="Model">MN, trimmed.</param>
/// <param name="Firmware">FR, trimmed.</param>
/// <param name="MaxTransferBytes">MDTS in bytes; 0 is no limit.</param>
/// <param name="SupportsSgl">Whether I/O commands may use SGLs of any alignment.</param>
/// <param name="HasMemoryBuffer">CAP.CMBS.</param>
public sealed record NvmeControllerInfo(string Serial, string Model, string Firmware, ulong MaxTransferBytes, bool SupportsSgl, bool HasMemoryBuffer);
