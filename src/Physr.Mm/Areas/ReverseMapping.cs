// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>The way from a page back to the entries that map it: all areas that may map pages of one file, or of one family of anonymous memory.</summary>
internal sealed class ReverseMapping(ulong id, MemoryFile? file = null)
{
    private readonly List<VirtualMemoryArea> _areas = [];
    private int _lock;

    /// <summary>What pages carry in their <see cref="Physr.Memory.PageDescriptor.Mapping"/>; never used again.</summary>
    public ulong Id { get; } = id;

    /// <summary>The file; null for anonymous memory.</summary>
    public MemoryFile? File { get; } = file;

    /// <summary>The areas; read below <see cref="Enter"/>.</summary>
    public List<VirtualMemoryArea> Areas => _areas;

    /// <summary>Whether no area is left.</summary>
    public bool IsEmpty => _areas.Count == 0;

    public void Enter() => Interleaving.WordLock.Enter(ref _lock, "reverse mapping lock");

    public void Exit() => Interleaving.WordLock.Exit(ref _lock);

    public void Add(VirtualMemoryArea area)
    {
        Enter();
        _areas.Add(area);
        Exit();
    }

    /// <summary>Forgets an area; true when it was the last one.</summary>
    public bool Remove(VirtualMemoryArea area)
    {
        Enter();
        _areas.Remove(area);
        bool isEmpty = _areas.Count == 0;
        Exit();
        return isEmpty;
    }
}
