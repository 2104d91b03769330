// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Reports;

/// <summary>How one transfer of a route ended.</summary>
/// <param name="Name">The transfer.</param>
/// <param name="Bytes">Payload bytes that arrived.</param>
/// <param name="Sha256">Digest of the bytes at their destination, lower-case hexadecimal; empty where it failed.</param>
/// <param name="Verified">Whether they equal the source's.</param>
/// <param name="Error">What stopped it, or null.</param>
public sealed record TransferReport(string Name, ulong Bytes, string Sha256, bool Verified, string? Error);
