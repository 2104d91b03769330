// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <summary>A page table as its driver remembers it: what it wrote, and which tables hang below. Where an entry maps 2 MiB, the table below it is kept in reserve, so that
/// splitting never needs memory (the kernel's deposited page table).</summary>
internal sealed class GpuTable
{
    /// <summary>Where it is in the GPU's memory.</summary>
    public ulong Offset { get; set; }

    /// <summary>3 is the root.</summary>
    public int Level { get; set; }

    /// <summary>How many entries are valid.</summary>
    public int Used { get; set; }

    /// <summary>How many tables hang below, those in reserve among them.</summary>
    public int Tables { get; private set; }

    /// <summary>Whether nothing needs it.</summary>
    public bool IsEmpty => Used == 0 && Tables == 0;

    /// <summary>The entries as they are in the GPU's memory, once written.</summary>
    public ulong[] Entries { get; } = new ulong[GpuPageEntry.EntriesPerTable];

    private GpuTable?[] Children => field ??= new GpuTable?[GpuPageEntry.EntriesPerTable];

    public bool IsLeaf(int index) => new GpuPageEntry(Entries[index]) is { IsValid: true } entry && entry.IsLeaf(Level);

    /// <summary>The table below an entry; null where there is none, as everywhere at level 0.</summary>
    public GpuTable? Below(int index) => Level == 0 ? null : Children[index];

    /// <summary>Hangs a table below an entry, which is not changed; null takes it off.</summary>
    public void Hang(int index, GpuTable? table)
    {
        Tables += (table is null ? 0 : 1) - (Children[index] is null ? 0 : 1);
        Children[index] = table;
    }

    /// <summary>Changes an entry here, and counts; the GPU's memory follows with a write.</summary>
    public void Set(int index, ulong raw)
    {
        Used += (int)(raw & GpuPageEntry.Valid) - (int)(Entries[index] & GpuPageEntry.Valid);
        Entries[index] = raw;
    }
}
