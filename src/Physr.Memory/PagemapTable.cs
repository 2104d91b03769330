// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>An immutable, sorted picture of which frames belong to which registration; readers hold one, writers swap it (row R7).</summary>
internal sealed class PagemapTable
{
    public static readonly PagemapTable Empty = new([], [], []);

    private readonly ulong[] _starts;
    private readonly ulong[] _ends;
    private readonly PagemapRegistration[] _registrations;

    private PagemapTable(ulong[] starts, ulong[] ends, PagemapRegistration[] registrations)
    {
        _starts = starts;
        _ends = ends;
        _registrations = registrations;
        HasPrivate = Array.Exists(registrations, static registration => registration.Type == MemoryType.DevicePrivate);
    }

    /// <summary>Whether any of it is device-private memory.</summary>
    public bool HasPrivate { get; }

    public int Count => _starts.Length;

    /// <summary>The registration that holds a page number, by binary search; null when none does.</summary>
    public PagemapRegistration? Find(ulong page)
    {
        int at = Below(page);
        return at >= 0 && page < _ends[at] ? _registrations[at] : null;
    }

    /// <summary>The first registration that holds one of the pages <c>[start, end)</c>; null when none does.</summary>
    public PagemapRegistration? FirstIn(ulong start, ulong end)
    {
        int at = Below(start);
        if (at >= 0 && start < _ends[at])
        {
            return _registrations[at];
        }

        return at + 1 < _starts.Length && _starts[at + 1] < end ? _registrations[at + 1] : null;
    }

    /// <summary>Whether one of the pages <c>[start, end)</c> is device-private memory.</summary>
    public bool TouchesPrivate(ulong start, ulong end)
    {
        for (int at = Math.Max(0, Below(start)); at < _starts.Length && _starts[at] < end; at++)
        {
            if (_ends[at] > start && _registrations[at].Type == MemoryType.DevicePrivate)
            {
                return true;
            }
        }

        return false;
    }

    public PagemapTable With(PagemapRegistration registration)
    {
        List<(ulong Start, ulong End, PagemapRegistration Registration)> entries = Entries(except: null);
        foreach (DescriptorStorage part in registration.Storage)
        {
            entries.Add((part.FirstPage, part.FirstPage + part.PageCount, registration));
        }

        return Of(entries);
    }

    public PagemapTable Without(PagemapRegistration registration) => Of(Entries(except: registration));

    private static PagemapTable Of(List<(ulong Start, ulong End, PagemapRegistration Registration)> entries)
    {
        entries.Sort((left, right) => left.Start.CompareTo(right.Start));
        return new(
            entries.ConvertAll(entry => entry.Start).ToArray(),
            entries.ConvertAll(entry => entry.End).ToArray(),
            entries.ConvertAll(entry => entry.Registration).ToArray());
    }

    private List<(ulong Start, ulong End, PagemapRegistration Registration)> Entries(PagemapRegistration? except)
    {
        List<(ulong, ulong, PagemapRegistration)> entries = new(_starts.Length + 1);
        for (int i = 0; i < _starts.Length; i++)
        {
            if (_registrations[i] != except)
            {
                entries.Add((_starts[i], _ends[i], _registrations[i]));
            }
        }

        return entries;
    }

    /// <summary>The last entry that starts at or below a page; -1 when none does.</summary>
    private int Below(ulong page)
    {
        int at = Array.BinarySearch(_starts, page);
        return at >= 0 ? at : ~at - 1;
    }
}
