// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme.Host;

/// <summary>The end of a request.</summary>
/// <param name="Request">The number that its submission gave.</param>
/// <param name="Status">Success, or the first error among its commands.</param>
/// <param name="Bytes">Bytes moved by commands that succeeded; with an error, which of the bytes these are is not told.</param>
public readonly record struct NvmeResult(int Request, NvmeStatus Status, ulong Bytes);
