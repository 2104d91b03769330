// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme;

/// <summary>What a controller has done since it was made.</summary>
/// <param name="Commands">Completion entries written, admin ones included.</param>
/// <param name="Errors">Of these, how many told an error.</param>
/// <param name="BytesRead">Bytes of media that reads delivered.</param>
/// <param name="BytesWritten">Bytes of media that writes stored.</param>
/// <param name="MemoryBufferBytes">Bytes that moved between media and the controller's own memory buffer, crossing no link.</param>
/// <param name="Interrupts">MSI-X messages asked for.</param>
public readonly record struct NvmeStatistics(ulong Commands, ulong Errors, ulong BytesRead, ulong BytesWritten, ulong MemoryBufferBytes, ulong Interrupts);
