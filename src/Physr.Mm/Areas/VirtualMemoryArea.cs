// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>One area of a process's memory (the kernel's <c>vm_area_struct</c>). Changes only below the address space's lock for writing.</summary>
public sealed class VirtualMemoryArea
{
    internal VirtualMemoryArea(AddressSpace space, ulong start, ulong end, VmFlags flags, ulong pageOffset, MemoryFile? file)
    {
        Space = space;
        StartAddress = start;
        EndAddress = end;
        Flags = flags;
        PageOffset = pageOffset;
        File = file;
    }

    /// <summary>Whose.</summary>
    public AddressSpace Space { get; }

    /// <summary>Where.</summary>
    public AddressRange<VirtualAddress> Range => new(new(StartAddress), EndAddress - StartAddress);

    /// <summary>What it is.</summary>
    public VmFlags Flags
    {
        get => (VmFlags)Volatile.Read(ref _flags);
        internal set => Volatile.Write(ref _flags, (ulong)value);
    }

    /// <summary>The first page's place in the file; of anonymous memory, its address in pages when it was mapped (<c>vm_pgoff</c>).</summary>
    public ulong PageOffset { get; internal set; }

    private ulong _flags;

    /// <summary>What it maps; null for anonymous memory.</summary>
    public MemoryFile? File { get; }

    /// <summary>Its bytes are the process's own, and no file is behind them.</summary>
    public bool IsAnonymous => File is null;

    /// <summary>Writes stay in the process, on copies (<c>is_cow_mapping</c>).</summary>
    public bool IsCopyOnWrite => (Flags & (VmFlags.Shared | VmFlags.MayWrite)) == VmFlags.MayWrite;

    internal ulong StartAddress { get; set; }

    internal ulong EndAddress { get; set; }

    internal ulong Pages => (EndAddress - StartAddress) >> PageSize.Shift4K;

    /// <summary>Which family its own pages belong to; null until it has had one.</summary>
    internal AnonVma? Anon { get; set; }

    /// <summary>It was made by a fork from an area with pages of its own; then it takes part in a family of several generations.</summary>
    internal bool IsForkChild { get; set; }

    /// <summary>Who serves the first touch of its pages.</summary>
    internal IUserFaultHandler? UserFaults { get; set; }

    internal bool Contains(ulong address) => address - StartAddress < EndAddress - StartAddress;

    /// <summary>Adds flags that may be added below the lock for reading.</summary>
    internal void AddSticky(VmFlags flags) => Interlocked.Or(ref _flags, (ulong)flags);

    internal bool Has(VmFlags any) => (Flags & any) != VmFlags.None;

    /// <summary>The place of an address in the file or in the family (<c>linear_page_index</c>).</summary>
    internal ulong IndexOf(ulong address) => PageOffset + ((address - StartAddress) >> PageSize.Shift4K);

    /// <summary>Where a place of the file or family lies; false where it is not in the area.</summary>
    internal bool TryFindAddress(ulong index, out ulong address)
    {
        ulong into = index - PageOffset;
        address = StartAddress + (into << PageSize.Shift4K);
        return into < Pages;
    }

    /// <summary>The area as <c>maps</c> begins its line.</summary>
    public override string ToString() => $"{StartAddress:x8}-{EndAddress:x8} {Reporting.ProcText.Permissions(Flags)} {File?.Name ?? "anonymous"}";
}
