// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm;

/// <summary>Shared memory: pages that live in RAM alone (<c>shmem</c>: a memfd, a file of tmpfs, shared anonymous memory).</summary>
public sealed class SharedMemoryFile : CachedFile
{
    /// <summary>Makes a file of holes.</summary>
    /// <param name="memory">Where pages come from.</param>
    /// <param name="name">As <c>maps</c> shows it.</param>
    /// <param name="length">Bytes.</param>
    public SharedMemoryFile(PhysicalMemory memory, string name, ulong length)
        : base(memory, name, length)
    {
    }

    /// <inheritdoc/>
    public override MemoryFileKind Kind => MemoryFileKind.SharedMemory;

    private protected override PageFlags FreshFlags => PageFlags.SharedMemory;

    private protected override bool HasStore => false;

    private protected override Errno Fill(ulong index, Span<byte> page)
    {
        page.Clear();
        return Errno.None;
    }
}
