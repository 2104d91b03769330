// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Collections.Concurrent;

namespace Physr.Dma.Tests;

/// <summary>Physical memory made of bytes, 4 KiB at a time where touched, with a first-fit allocator over a part of it. Untouched bytes are a pattern of their address, so that a byte from
/// the wrong place shows.</summary>
internal sealed class ByteMemory(PhysicalRange allocatable) : IHostMemory
{
    private readonly ConcurrentDictionary<ulong, byte[]> _pages = [];
    private readonly SortedDictionary<ulong, ulong> _taken = [];

    public int Taken => _taken.Count;

    public Errno TryAllocate(ulong length, PhysicalAddress last, string purpose, out PhysicalRange range)
    {
        ulong size = Alignment.Up(length, PageSize.Size4K);
        ulong at = allocatable.Start.Value;
        foreach ((ulong start, ulong taken) in _taken)
        {
            if (start - at >= size)
            {
                break;
            }

            at = start + taken;
        }

        bool fits = at + size <= allocatable.End.Value && at + size - 1 <= last.Value;
        range = fits ? new(new(at), size) : default;
        if (fits)
        {
            _taken.Add(at, size);
        }

        return fits ? Errno.None : Errno.ENOMEM;
    }

    public void Free(PhysicalRange range)
    {
        Assert.True(_taken.Remove(range.Start.Value, out ulong size));
        Assert.Equal(size, range.Length);
    }

    public void Read(PhysicalAddress address, Span<byte> destination)
    {
        for (int done = 0; done < destination.Length;)
        {
            ulong at = address.Value + (ulong)done;
            int piece = Math.Min(destination.Length - done, 4096 - (int)(at & 4095));
            PageOf(at).AsSpan((int)(at & 4095), piece).CopyTo(destination[done..]);
            done += piece;
        }
    }

    public void Write(PhysicalAddress address, ReadOnlySpan<byte> source)
    {
        for (int done = 0; done < source.Length;)
        {
            ulong at = address.Value + (ulong)done;
            int piece = Math.Min(source.Length - done, 4096 - (int)(at & 4095));
            source.Slice(done, piece).CopyTo(PageOf(at).AsSpan((int)(at & 4095)));
            done += piece;
        }
    }

    public static byte Pattern(ulong address) => (byte)((address * 0x9e37_79b9_7f4a_7c15) >> 56);

    public byte this[ulong address]
    {
        get => _pages.TryGetValue(address >> 12, out byte[]? page) ? page[address & 4095] : Pattern(address);
        set => PageOf(address)[address & 4095] = value;
    }

    private byte[] PageOf(ulong address) => _pages.GetOrAdd(address >> 12, static number => Fresh(number << 12));

    private static byte[] Fresh(ulong start)
    {
        byte[] page = new byte[4096];
        for (int i = 0; i < page.Length; i++)
        {
            page[i] = Pattern(start + (ulong)i);
        }

        return page;
    }
}
