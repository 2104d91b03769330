// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>A transfer as it was read.</summary>
/// <param name="Reader">Its keys and their places.</param>
/// <param name="Spec">Its properties.</param>
/// <param name="IsSound">Whether nothing is wrong with it alone.</param>
internal sealed record TransferDraft(MappingReader Reader, TransferSpec Spec, bool IsSound)
{
    /// <summary>Bytes of staging memory that its chunks in flight take.</summary>
    public ulong StagingBytes
    {
        get
        {
            ulong chunks = (Spec.LengthBytes / Spec.ChunkBytes) + (Spec.LengthBytes % Spec.ChunkBytes == 0 ? 0UL : 1);
            return Math.Min(chunks, (ulong)Spec.QueueDepth) * Spec.ChunkBytes;
        }
    }
}
