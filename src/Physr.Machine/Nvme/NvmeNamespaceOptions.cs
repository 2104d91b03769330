// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme.Media;

namespace Physr.Machine.Nvme;

/// <summary>One namespace of a controller; its NSID is its place in the list plus one.</summary>
/// <param name="Media">What keeps the blocks; the controller owns and disposes it. Its length is a multiple of the block size.</param>
/// <param name="BlockSize">Bytes in a block: 512 or 4096.</param>
public sealed record NvmeNamespaceOptions(INvmeMedia Media, int BlockSize = 512);
