// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;

namespace Physr.Storage.Tests.Dax;

/// <summary>A file whose blocks a test chose; a write to a hole or to a shared block takes the next free one from 3072 on.</summary>
internal sealed class PlacedFile : IDaxExtents, IDisposable
{
    private static int s_next;
    private readonly PagelessRegion _region;
    private readonly DescriptorUse _use;

    public PlacedFile(PagelessRegion region, string name, ulong pages)
    {
        _region = region;
        Pages = pages;
        File = new(region.Memory, name, this);
        _use = region.Backing.Open(name, File.DropIdle);
        s_next = s_next == 0 ? 3072 : s_next;
    }

    public DaxFile File { get; }

    public ulong Pages { get; set; }

    public Dictionary<ulong, ulong> Blocks { get; } = [];

    public HashSet<ulong> Shared { get; } = [];

    public List<ulong> Persisted { get; } = [];

    public ulong Length => Pages << 12;

    public bool WantsWriteNotify => true;

    public bool AllowsSharedWrites => true;

    public PlacedFile At(ulong first)
    {
        for (ulong i = 0; i < Pages; i++)
        {
            Blocks[i] = first + i;
        }

        return this;
    }

    public Errno TryOwn(ulong index)
    {
        ulong fresh = 3072 + (ulong)(Interlocked.Increment(ref s_next) % 1000);
        Span<byte> target = _region.Medium.WritableAt(fresh << 12, 4096);
        target.Clear();
        if (Blocks.TryGetValue(index, out ulong block))
        {
            _region.Medium.ReadableAt(block << 12, 4096).CopyTo(target);
        }

        Blocks[index] = fresh;
        Shared.Remove(index);
        return Errno.None;
    }

    public Errno TryFind(ulong index, out DaxExtent extent)
    {
        extent = default;
        if (index >= Pages)
        {
            return Errno.ENXIO;
        }

        if (!Blocks.TryGetValue(index, out ulong block))
        {
            extent = new(default, 1, IsHole: true);
            return Errno.None;
        }

        bool isShared = Shared.Contains(index);
        ulong run = 1;
        while (index + run < Pages && Blocks.TryGetValue(index + run, out ulong next) && next == block + run && Shared.Contains(index + run) == isShared)
        {
            run++;
        }

        extent = new(PagelessRegion.Range.Start.Frame.Add(block), run, IsShared: isShared);
        return Errno.None;
    }

    public Errno Describe(ulong index, ulong pages)
    {
        for (ulong i = index; i < Math.Min(index + pages, Pages); i++)
        {
            if (Blocks.TryGetValue(i, out ulong block))
            {
                Errno errno = _use.TryCover(new(PagelessRegion.Range.Start.Add(block << 12), 4096), out _);
                if (errno != Errno.None)
                {
                    return errno;
                }
            }
        }

        return Errno.None;
    }

    public void Forget() => _use.Release();

    public Errno Persist(ulong index, ulong pages)
    {
        for (ulong i = 0; i < pages; i++)
        {
            Persisted.Add(index + i);
        }

        return Errno.None;
    }

    public VirtualAddress Map(AddressSpace space, bool isShared = true, Protection protection = Protection.ReadWrite, bool isPopulated = false)
    {
        Assert.Equal(Errno.None, space.TryMap(new(Length, protection) { File = File, IsShared = isShared, IsPopulated = isPopulated }, out VirtualAddress at));
        return at;
    }

    public void Dispose()
    {
        File.Dispose();
        _use.Dispose();
    }
}
