// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;

namespace Physr.Storage;

/// <summary>Makes page descriptors for memory that has none, for as long as somebody maps it: none before the first mapping, one set however many aliases there are, gone with the last (mission text
/// 004; rows R80, R81).</summary>
/// <remarks><para>Descriptors come by sub-sections of 2 MiB: each is described once, whoever asks, and stays while one user covers it or one of its pages is in use. Neighbours that are asked for together
/// are one pagemap.</para><para>What a pagemap of somebody else describes already is left alone. Thread-safe.</para></remarks>
public sealed class DescriptorBacking
{
    private readonly MemoryMap _map;
    private readonly string _name;
    private readonly PhysicalRange _region;
    private readonly Dictionary<ulong, Block> _blocks = [];
    private readonly Dictionary<Pagemap, Run> _runs = [];
    private readonly List<DescriptorUse> _uses = [];
    private readonly Lock _lock = new();

    /// <summary>Prepares for a region; makes nothing yet.</summary>
    /// <param name="map">The machine's memory.</param>
    /// <param name="name">The region's name in messages.</param>
    /// <param name="region">What may be described: multiples of 2 MiB.</param>
    public DescriptorBacking(MemoryMap map, string name, PhysicalRange region)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!region.Start.IsAligned(PageSize.Size2M) || !Alignment.IsAligned(region.Length, PageSize.Size2M))
        {
            throw new ArgumentException($"{region} does not consist of whole 2 MiB sub-sections, by which page descriptors come.", nameof(region));
        }

        _map = map;
        _name = name;
        _region = region;
    }

    /// <summary>What may be described.</summary>
    public PhysicalRange Region => _region;

    /// <summary>Descriptors that are there now.</summary>
    public long DescriptorCount
    {
        get
        {
            lock (_lock)
            {
                return _runs.Keys.Sum(static pagemap => pagemap.DescriptorCount);
            }
        }
    }

    /// <summary>How often a set of descriptors was made (row R80c).</summary>
    public long TimesMade { get; private set; }

    /// <summary>Somebody new, such as a file, who will cover what he maps.</summary>
    /// <param name="file">The name in messages.</param>
    /// <param name="onIdle">Called where pages got idle: the user looks whether he needs them still, and releases.</param>
    public DescriptorUse Open(string file, Action? onIdle = null)
    {
        DescriptorUse use = new(this, file, onIdle);
        lock (_lock)
        {
            _uses.Add(use);
        }

        return use;
    }

    internal Errno TryCover(DescriptorUse use, PhysicalRange range, out string reason)
    {
        reason = "";
        if (!_region.Contains(range))
        {
            reason = $"{range} is not all of {_name} at {_region}";
            return Errno.ENXIO;
        }

        ulong first = range.Start.Value / PageSize.Size2M;
        ulong end = (range.End.Value + PageSize.Size2M - 1) / PageSize.Size2M;
        List<ulong> added = [];
        lock (_lock)
        {
            for (ulong block = first; block < end;)
            {
                if (_blocks.TryGetValue(block, out Block? known))
                {
                    Take(use, block, known, added);
                    block++;
                    continue;
                }

                if (IsDescribed(block))
                {
                    block++;
                    continue;
                }

                ulong stop = block + 1;
                while (stop < end && !_blocks.ContainsKey(stop) && !IsDescribed(stop))
                {
                    stop++;
                }

                Errno errno = Make(block, stop, out reason);
                if (errno != Errno.None)
                {
                    added.ForEach(each => GiveBack(use, each));
                    return errno;
                }

                for (; block < stop; block++)
                {
                    Take(use, block, _blocks[block], added);
                }
            }
        }

        return Errno.None;
    }

    internal void Release(DescriptorUse use, bool isClosing)
    {
        lock (_lock)
        {
            foreach (ulong block in use.Blocks.ToArray())
            {
                GiveBack(use, block);
            }

            if (isClosing)
            {
                _uses.Remove(use);
            }
        }
    }

    private static void Take(DescriptorUse use, ulong number, Block block, List<ulong> added)
    {
        if (use.Blocks.Add(number))
        {
            added.Add(number);
            block.Run.Unused -= block.Users == 0 ? 1UL : 0;
            block.Users++;
        }
    }

    private void GiveBack(DescriptorUse use, ulong number)
    {
        Block block = _blocks[number];
        use.Blocks.Remove(number);
        block.Users--;
        if (block.Users == 0)
        {
            block.Run.Unused++;
            Drop(block.Run);
        }
    }

    private bool IsDescribed(ulong block)
    {
        bool isThere = _map.TryGetPagemap(new PhysicalAddress(block * PageSize.Size2M).Frame, out PagemapReference reference);
        if (isThere)
        {
            reference.Dispose();
        }

        return isThere;
    }

    private Errno Make(ulong first, ulong end, out string reason)
    {
        Pagemap pagemap = new() { Type = MemoryType.FsDax, Name = $"{_name} on demand", PageIdle = DaxFile.PageIdle, AllIdle = OnAllIdle };
        pagemap.Ranges.Add(new(new(first * PageSize.Size2M), (end - first) * PageSize.Size2M));
        Run run = new(pagemap, first, end - first);
        Errno errno = _map.Register(pagemap, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        TimesMade++;
        _runs.Add(pagemap, run);
        for (ulong block = first; block < end; block++)
        {
            _blocks.Add(block, new(run));
        }

        return Errno.None;
    }

    /// <summary>Takes the descriptors of a run away if nobody covers any of it and nobody holds a page.</summary>
    private void Drop(Run run)
    {
        if (run.Unused < run.Count || _map.TryUnregister(run.Pagemap) != Errno.None)
        {
            return;
        }

        _runs.Remove(run.Pagemap);
        for (ulong block = run.First; block < run.First + run.Count; block++)
        {
            _blocks.Remove(block);
        }
    }

    private void OnAllIdle(Pagemap pagemap)
    {
        DescriptorUse[] uses;
        lock (_lock)
        {
            uses = [.. _uses];
        }

        // What was held after the last mapping went is let go of now.
        foreach (DescriptorUse use in uses)
        {
            use.OnIdle?.Invoke();
        }

        lock (_lock)
        {
            if (_runs.TryGetValue(pagemap, out Run? run))
            {
                Drop(run);
            }
        }
    }

    private sealed class Block(Run run)
    {
        public Run Run { get; } = run;

        public int Users { get; set; }
    }

    private sealed class Run(Pagemap pagemap, ulong first, ulong count)
    {
        public Pagemap Pagemap { get; } = pagemap;

        public ulong First { get; } = first;

        public ulong Count { get; } = count;

        /// <summary>Blocks that nobody covers; all of them at first.</summary>
        public ulong Unused { get; set; } = count;
    }
}
