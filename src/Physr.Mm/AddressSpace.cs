// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <summary>The memory of one process: its areas, its page tables, and what the CPU finds when it touches an address (the kernel's <c>mm_struct</c>).</summary>
/// <remarks>
/// Thread-safe: each thread that calls is a thread of the process on a CPU of its own. A change of areas excludes all else; faults, pins, mirrors and migrations of different pages go on side
/// by side. Dispose of it when the process ends.
/// </remarks>
public sealed unsafe partial class AddressSpace : IDisposable
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    /// <summary>One past the last address a process can use (<c>TASK_SIZE</c> of x86-64 with 4-level tables).</summary>
    public const ulong End = 0x7fff_ffff_f000;

    private readonly AreaLock _lock = new();
    private readonly ulong* _root;
    private bool _isDisposed;

    /// <summary>Makes a process without memory.</summary>
    /// <param name="memory">The host's memory.</param>
    /// <param name="name">For messages.</param>
    /// <param name="group">Whom its pages are charged to; null for nobody.</param>
    /// <exception cref="PhysrException">There is no memory for its first page table.</exception>
    public AddressSpace(PhysicalMemory memory, string name, MemoryGroup? group = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentException.ThrowIfNullOrEmpty(name);
        Memory = memory;
        Name = name;
        Group = group;
        _root = memory.Tables.TryTake();
        if (_root == null)
        {
            throw new PhysrException("create address space", name, Errno.ENOMEM, "there is no memory for its first page table");
        }
    }

    /// <summary>The host's memory.</summary>
    public PhysicalMemory Memory { get; }

    /// <summary>For messages.</summary>
    public string Name { get; }

    /// <summary>Whom its pages are charged to.</summary>
    public MemoryGroup? Group { get; }

    /// <summary>Whether it has ended.</summary>
    public bool IsDisposed => Volatile.Read(ref _isDisposed);

    internal NotifierList Notifiers { get; } = new();

    /// <summary>Keeps areas as they are until <see cref="ExitRead"/>: what drivers do around a walk or a migration of their own (<c>mmap_read_lock</c>). May be entered again by the same
    /// thread.</summary>
    public void EnterRead() => _lock.EnterRead();

    /// <summary>Ends what <see cref="EnterRead"/> began.</summary>
    public void ExitRead() => _lock.ExitRead();

    /// <summary>Ends the process: mirrors are told, everything is unmapped, page tables go back.</summary>
    public void Dispose()
    {
        _lock.EnterWrite();
        try
        {
            if (_isDisposed)
            {
                return;
            }

            NotifierRange all = new(this, new(default, End), NotifierEvent.Release, null, MayBlock: true);
            Notifiers.TryStart(all);
            UnmapAll();
            Notifiers.End();
            _isDisposed = true;
            Memory.Tables.Return(_root);
        }
        finally
        {
            _lock.ExitWrite();
        }
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>Enters for reading; throws where the process has ended, be it while the lock was waited for: its first table may be another's by now.</summary>
    private void EnterLive()
    {
        _lock.EnterRead();
        if (_isDisposed)
        {
            _lock.ExitRead();
            ThrowIfDisposed();
        }
    }

    private void EnterLiveForWriting()
    {
        _lock.EnterWrite();
        if (_isDisposed)
        {
            _lock.ExitWrite();
            ThrowIfDisposed();
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_isDisposed, this);
}
