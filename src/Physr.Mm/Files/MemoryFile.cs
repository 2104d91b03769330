// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>What processes can map that is not anonymous memory (the kernel's inode with its <c>address_space</c>).</summary>
public abstract class MemoryFile : IDisposable
{
    private static ulong s_lastInode;
    private bool _isDisposed;

    private protected MemoryFile(PhysicalMemory memory, string name)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentException.ThrowIfNullOrEmpty(name);
        Memory = memory;
        Name = name;
        Mapping = memory.CreateMapping(this);
        Inode = Interlocked.Increment(ref s_lastInode);
    }

    /// <summary>The name, as <c>maps</c> shows it.</summary>
    public string Name { get; }

    /// <summary>The inode number.</summary>
    public ulong Inode { get; init; }

    /// <summary>The device number that <c>maps</c> shows, major and minor.</summary>
    public (int Major, int Minor) Device { get; init; } = (0, 1);

    /// <summary>What it is.</summary>
    public abstract MemoryFileKind Kind { get; }

    /// <summary>How long, in bytes; a touch of a page beyond is answered by SIGBUS.</summary>
    public abstract ulong Length { get; }

    /// <summary>Flags that every area of it gets.</summary>
    internal virtual VmFlags AreaFlags => VmFlags.None;

    /// <summary>Whether the file wants to hear of the first write to each clean page of a shared area.</summary>
    internal virtual bool WantsWriteNotify => false;

    /// <summary>Whether shared areas may be written.</summary>
    internal virtual bool AllowsSharedWrites => true;

    internal PhysicalMemory Memory { get; }

    internal ReverseMapping Mapping { get; }

    internal ulong PageCount => (Length + PageSize.Size4K - 1) >> PageSize.Shift4K;

    /// <summary>Gives back what the file holds.</summary>
    /// <exception cref="PhysrException">It is mapped.</exception>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        if (!Mapping.IsEmpty)
        {
            throw new PhysrException("dispose of file", Name, Errno.EBUSY, $"{Mapping.Areas.Count} areas map it");
        }

        _isDisposed = true;
        Release();
        Memory.Forget(Mapping);
        GC.SuppressFinalize(this);
    }

    /// <summary>The name and kind.</summary>
    public override string ToString() => $"{Name} ({Kind})";

    /// <summary>The page at a place, with a reference.</summary>
    /// <param name="index">Which, in pages.</param>
    /// <param name="group">Who is charged for a page that has to be taken.</param>
    /// <param name="mayFill">Whether one that is not in RAM is brought there; else <see cref="Errno.ENOENT"/>.</param>
    /// <param name="page">The page.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.ENOMEM"/>; <see cref="Errno.EIO"/> where the store fails; <see cref="Errno.EFAULT"/> for memory that has no page
    /// descriptors.</returns>
    internal abstract Errno TryGetPage(ulong index, MemoryGroup? group, bool mayFill, out Page page);

    /// <summary>The frame at a place of memory without page descriptors.</summary>
    internal virtual bool TryGetFrame(ulong index, out PageFrameNumber frame)
    {
        frame = default;
        return false;
    }

    /// <summary>An area is about to map pages of the file.</summary>
    internal virtual Errno Prepare(ulong index, ulong pages) => Errno.None;

    /// <summary>The last area that mapped the file is gone; another may come at any time.</summary>
    internal virtual void LastAreaGone()
    {
    }

    /// <summary>Whether the page at a place is in RAM and up to date (<c>mincore</c>).</summary>
    internal abstract bool IsResident(ulong index);

    private protected abstract void Release();

    private protected void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_isDisposed, this);
}
