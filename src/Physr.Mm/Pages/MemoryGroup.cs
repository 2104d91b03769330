// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>An account of pages with a limit (the kernel's memory cgroup). A page is charged when it is taken for a process and stays charged wherever it migrates, so that coming back
/// from a device needs no new charge (row R27b).</summary>
public sealed class MemoryGroup
{
    private long _pages;
    private long _most;

    internal MemoryGroup(string name, long limitPages, byte id)
    {
        Name = name;
        LimitPages = limitPages;
        Id = id;
    }

    /// <summary>For messages.</summary>
    public string Name { get; }

    /// <summary>The most pages.</summary>
    public long LimitPages { get; }

    /// <summary>Pages charged now, those in device memory included.</summary>
    public long ChargedPages => Volatile.Read(ref _pages);

    /// <summary>The most there ever were.</summary>
    public long MostPages => Volatile.Read(ref _most);

    internal byte Id { get; }

    internal bool TryCharge(long pages)
    {
        long now = Interlocked.Add(ref _pages, pages);
        if (now > LimitPages)
        {
            Interlocked.Add(ref _pages, -pages);
            return false;
        }

        long most = Volatile.Read(ref _most);
        while (now > most)
        {
            long seen = Interlocked.CompareExchange(ref _most, now, most);
            if (seen == most)
            {
                break;
            }

            most = seen;
        }

        return true;
    }

    internal void Uncharge(long pages) => Interlocked.Add(ref _pages, -pages);
}
