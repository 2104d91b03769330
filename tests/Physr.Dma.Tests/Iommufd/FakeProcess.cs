// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>A process's memory: private and shared pages, copy on write, fork, and the rule that a pinned page is never shared with a child.</summary>
internal sealed class FakeProcess(FakeRam ram, string name = "test", MemoryLockAccount? userLocked = null, ulong lockLimit = ulong.MaxValue) : IUserMemory
{
    private readonly Dictionary<ulong, Page> _pages = [];
    private readonly HashSet<ulong> _devices = [];
    private bool _gone;

    public string Name => name;

    public FakeRam Ram => ram;

    public bool IsExemptFromLimits { get; init; }

    public MemoryLockAccount UserLocked { get; } = userLocked ?? new();

    public MemoryLockAccount Locked { get; } = new(lockLimit);

    public MemoryLockAccount Pinned { get; } = new();

    /// <summary>Maps private memory (<c>mmap</c>), all in place.</summary>
    public void Allocate(ulong address, ulong length, bool huge = false, bool writable = true)
    {
        lock (ram.Lock)
        {
            if (huge)
            {
                ram.AlignNext();
            }

            for (ulong page = address >> 12; page < (address + length) >> 12; page++)
            {
                FakeFrame frame = ram.Allocate(huge);
                frame.Maps++;
                _pages.Add(page, new() { Frame = frame, IsWritable = writable });
            }
        }
    }

    /// <summary>Maps a file, shared.</summary>
    public void Map(ulong address, FakeFile file)
    {
        lock (ram.Lock)
        {
            ulong page = address >> 12;
            foreach (FakeFrame frame in file.Frames)
            {
                frame.Maps++;
                _pages.Add(page++, new() { Frame = frame, IsWritable = true, IsShared = true });
            }
        }
    }

    /// <summary>Maps a device's registers: there are no pages to pin.</summary>
    public void MapDevice(ulong address, ulong length)
    {
        lock (ram.Lock)
        {
            for (ulong page = address >> 12; page < (address + length) >> 12; page++)
            {
                _devices.Add(page);
            }
        }
    }

    public void Unmap(ulong address, ulong length)
    {
        lock (ram.Lock)
        {
            for (ulong page = address >> 12; page < (address + length) >> 12; page++)
            {
                if (_pages.Remove(page, out Page? unmapped))
                {
                    ram.Unmap(unmapped.Frame);
                }
            }
        }
    }

    public FakeProcess Fork(string childName = "child")
    {
        lock (ram.Lock)
        {
            FakeProcess child = new(ram, childName, UserLocked) { IsExemptFromLimits = IsExemptFromLimits };
            foreach ((ulong number, Page page) in _pages)
            {
                FakeFrame frame = page.Frame;
                if (!page.IsShared && frame.Pins != 0)
                {
                    frame = ram.Allocate(contiguous: false);
                    frame.CopyFrom(page.Frame);
                }

                frame.Maps++;
                child._pages.Add(number, new() { Frame = frame, IsWritable = page.IsWritable, IsShared = page.IsShared });
            }

            return child;
        }
    }

    public void Exit()
    {
        lock (ram.Lock)
        {
            foreach (Page page in _pages.Values)
            {
                ram.Unmap(page.Frame);
            }

            _pages.Clear();
            _gone = true;
        }
    }

    public FakeFrame FrameAt(ulong address) => _pages[address >> 12].Frame;

    /// <summary>Pins of each page of a range, as one set: what the suite calls <c>check_refs</c>.</summary>
    public int[] PinsOf(ulong address, ulong length)
    {
        lock (ram.Lock)
        {
            HashSet<int> pins = [];
            for (ulong page = address >> 12; page <= (address + length - 1) >> 12; page++)
            {
                pins.Add(_pages[page].Frame.Pins);
            }

            return [.. pins.Order()];
        }
    }

    public Errno TryPin(VirtualAddress address, ulong length, bool writable, List<PhysicalRange> frames)
    {
        lock (ram.Lock)
        {
            Assert.True(length != 0 && ((address.Value | length) & 4095) == 0);
            if (_gone)
            {
                return Errno.EFAULT;
            }

            int first = frames.Count;
            for (ulong at = 0; at < length; at += PageSize.Size4K)
            {
                Errno errno = ram.Gate?.TryPass("pin a page") == false ? Errno.ENOMEM
                    : _devices.Contains((address.Value + at) >> 12) || !_pages.TryGetValue((address.Value + at) >> 12, out Page? page) || (writable && !page.IsWritable) ? Errno.EFAULT
                    : Errno.None;
                if (errno != Errno.None)
                {
                    for (int i = first; i < frames.Count; i++)
                    {
                        ram.Unpin(frames[i]);
                    }

                    frames.RemoveRange(first, frames.Count - first);
                    return errno;
                }

                page = _pages[(address.Value + at) >> 12];
                Unshare(page);
                page.Frame.Pins++;
                frames.Add(new(new(page.Frame.Number << 12), PageSize.Size4K));
            }

            return Errno.None;
        }
    }

    public void Unpin(PhysicalRange frames, bool dirty) => ram.Unpin(frames);

    public Errno TryRead(VirtualAddress address, Span<byte> destination)
    {
        lock (ram.Lock)
        {
            for (int i = 0; i < destination.Length; i++)
            {
                ulong at = address.Value + (ulong)i;
                if (_gone || !_pages.TryGetValue(at >> 12, out Page? page))
                {
                    return Errno.EFAULT;
                }

                destination[i] = page.Frame.Bytes[at & 4095];
            }

            return Errno.None;
        }
    }

    public Errno TryWrite(VirtualAddress address, ReadOnlySpan<byte> source)
    {
        lock (ram.Lock)
        {
            for (int i = 0; i < source.Length; i++)
            {
                ulong at = address.Value + (ulong)i;
                if (_gone || !_pages.TryGetValue(at >> 12, out Page? page) || !page.IsWritable)
                {
                    return Errno.EFAULT;
                }

                Unshare(page);
                page.Frame.Bytes[at & 4095] = source[i];
            }

            return Errno.None;
        }
    }

    private void Unshare(Page page)
    {
        if (!page.IsShared && page.Frame.Maps > 1)
        {
            FakeFrame own = ram.Allocate(contiguous: false);
            own.CopyFrom(page.Frame);
            own.Maps++;
            ram.Unmap(page.Frame);
            page.Frame = own;
        }
    }

    private sealed class Page
    {
        public required FakeFrame Frame { get; set; }

        public bool IsWritable { get; init; }

        public bool IsShared { get; init; }
    }
}
