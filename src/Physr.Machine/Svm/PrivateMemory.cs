// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mirror;
using Physr.Hmm;
using Physr.Machine.Scenarios;
using Physr.Memory;
using Physr.Mm;

namespace Physr.Machine.Svm;

/// <summary>The part of a GPU's memory that has page descriptors though the CPU cannot address it: from the memory's start, page for page.</summary>
internal sealed class PrivateMemory
{
    private readonly MemoryMap _map;
    private readonly Pagemap _pagemap;
    private readonly Resource? _resource;
    private readonly PageKey _first;

    /// <summary>Registers it.</summary>
    /// <param name="map">The machine's memory.</param>
    /// <param name="name">The GPU.</param>
    /// <param name="bytes">How much, a multiple of 2 MiB.</param>
    /// <param name="numbering">How its pages are numbered.</param>
    /// <param name="owner">Whose pages they are.</param>
    /// <param name="bringHome">Serves the CPU's faults.</param>
    /// <exception cref="PhysrException">The memory map refuses.</exception>
    public PrivateMemory(MemoryMap map, string name, ulong bytes, PrivateNumbering numbering, object owner, MigrateToRamCallback bringHome)
    {
        _map = map;
        _pagemap = new()
        {
            Name = name,
            Type = MemoryType.DevicePrivate,
            Owner = owner,
            MigrateToRam = bringHome,
            FolioFree = page => Pool!.Return(page),
            FolioSplit = (_, tail) => Pool!.Split(tail),
        };
        if (numbering == PrivateNumbering.OffsetSpace)
        {
            Require(map.Private.Register(_pagemap, bytes, out AddressRange<DevicePrivateOffset> region, out string reason), name, reason);
            _first = PageKey.Of(region.Start);
            Pool = new(_pagemap, region);
            Place = $"offsets {region.Start} to {region.Last}";
        }
        else
        {
            Require(map.RequestPrivateRange(bytes, name, out _resource), name, "no physical range is free");
            PhysicalRange range = new(_resource!.Range.Start, bytes);
            _pagemap.Ranges.Add(range);
            Errno errno = map.Register(_pagemap, out string reason);
            if (errno != Errno.None)
            {
                map.Resources.Remove(_resource);
            }

            Require(errno, name, reason);
            _first = PageKey.Of(range.Start.Frame);
            Pool = new(_pagemap, range);
            Place = $"made-up physical range {_resource.Range.Start} to {_resource.Range.Last}";
        }
    }

    /// <summary>Its free pages, and which of the others are oldest.</summary>
    public DevicePagePool Pool { get; }

    /// <summary>Where its numbers lie, in words.</summary>
    public string Place { get; }

    /// <summary>Page descriptors that it has.</summary>
    public long Descriptors => _pagemap.DescriptorCount;

    /// <summary>How many pages into the memory a page lies.</summary>
    public int IndexOf(PageKey key) => (int)(key.Value - _first.Value);

    /// <summary>Where in the GPU's memory a page lies.</summary>
    public ulong OffsetOf(PageKey key) => (key.Value - _first.Value) << PageSize.Shift4K;

    /// <summary>The page of a key.</summary>
    public DevicePage PageOf(PageKey key)
    {
        bool found = key.IsOffset ? _pagemap.TryGetPage(key.Offset, out DevicePage page) : _pagemap.TryGetPage(key.Frame, out page);
        return found ? page : throw new PhysrException("find page", key.ToString(), Errno.ENXIO, $"it is not of {_pagemap}");
    }

    /// <summary>Whether a mirrored page is of this memory, and where in the GPU's memory it lies.</summary>
    public bool TryLocate(MirrorFrame frame, out ulong offset)
    {
        PageKey key = frame.IsPrivateOffset ? PageKey.Of(frame.PrivateOffset) : PageKey.Of(frame.Frame);
        offset = OffsetOf(key);
        return key.IsOffset == _first.IsOffset && key.Value - _first.Value < (ulong)Pool.Pages;
    }

    /// <summary>Takes the page descriptors away.</summary>
    /// <returns>What stands in the way; null where nothing does.</returns>
    public string? Remove()
    {
        int used = Pool.Pages - Pool.FreePages;
        if (used != 0 || _map.TryUnregister(_pagemap) != Errno.None)
        {
            return $"{used} pages of {_pagemap}";
        }

        if (_resource is not null)
        {
            _map.Resources.Remove(_resource);
        }

        return null;
    }

    private static void Require(Errno errno, string name, string reason)
    {
        if (errno != Errno.None)
        {
            throw new PhysrException("register private memory", name, errno, reason);
        }
    }
}
