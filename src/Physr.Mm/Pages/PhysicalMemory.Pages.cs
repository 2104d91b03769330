// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Memory;

namespace Physr.Mm;

/// <content>Taking pages, their bytes, and who is charged for them.</content>
public sealed unsafe partial class PhysicalMemory
{
    internal const int HugeOrder = 9;

    private readonly List<MemoryGroup> _groups = [];
    private readonly List<(PhysicalRange Range, IRamBytes Bytes)> _deviceBytes = [];
    private Page _hugeZero;

    /// <summary>Makes a group that processes can be charged to.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="limitBytes">The most bytes of pages.</param>
    /// <exception cref="PhysrException">There are 255 already.</exception>
    public MemoryGroup CreateGroup(string name, ulong limitBytes)
    {
        lock (_groups)
        {
            if (_groups.Count == byte.MaxValue)
            {
                throw new PhysrException("create memory group", name, Errno.ENOSPC, "there are 255 already");
            }

            MemoryGroup group = new(name, (long)(limitBytes >> PageSize.Shift4K), (byte)(_groups.Count + 1));
            _groups.Add(group);
            return group;
        }
    }

    /// <summary>Says where the CPU finds the bytes of memory that is not RAM: of coherent, file-system and device pages, or of a BAR.</summary>
    /// <param name="range">A multiple of 2 MiB at a multiple of 2 MiB.</param>
    /// <param name="bytes">Its bytes.</param>
    public void AttachBytes(PhysicalRange range, IRamBytes bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        lock (_deviceBytes)
        {
            _deviceBytes.Add((range, bytes));
        }
    }

    /// <summary>Forgets what <see cref="AttachBytes"/> said.</summary>
    public void DetachBytes(PhysicalRange range)
    {
        lock (_deviceBytes)
        {
            _deviceBytes.RemoveAll(each => each.Range == range);
        }
    }

    /// <summary>Takes 2^order pages of RAM as one, with one reference, charged to a group.</summary>
    internal Errno TryAllocate(int order, MemoryGroup? group, out Page page)
    {
        page = default;
        if (!PassesGate(order == 0 ? "page" : "huge page") || group?.TryCharge(1L << order) == false)
        {
            return Errno.ENOMEM;
        }

        foreach (RamZone zone in _zones)
        {
            if (zone.TryAllocate(order, out PageFrameNumber frame) == Errno.None)
            {
                page = new(zone.At(frame.Value), PageKey.Of(frame));
                page.Descriptor->GroupId = group?.Id ?? 0;
                return Errno.None;
            }
        }

        group?.Uncharge(1L << order);
        return Errno.ENOMEM;
    }

    internal Errno TryAllocateZeroed(int order, MemoryGroup? group, out Page page)
    {
        Errno errno = TryAllocate(order, group, out page);
        if (errno == Errno.None)
        {
            // SAFETY: a run of up to 2 MiB at a multiple of its size lies within one block.
            NativeMemory.Clear(BytesOf(page), (nuint)PageSize.Size4K << order);
        }

        return errno;
    }

    /// <summary>The bytes of a page that the CPU can address, and of those behind it in the same large page; null where there are none.</summary>
    internal byte* BytesOf(Page page) => _first.Contains(new(page.Key.Value)) ? _first.BytesAt(page.Key.Value) : OtherBytesOf(page.Key);

    internal byte* BytesOf(PageKey key) => _first.Contains(new(key.Value)) ? _first.BytesAt(key.Value) : OtherBytesOf(key);

    /// <summary>Copies 2^order pages that the CPU can address both.</summary>
    internal void Copy(Page from, Page to, int order)
    {
        for (int i = 0; i < 1 << order; i++)
        {
            // SAFETY: a page each, of descriptors that the caller holds.
            Buffer.MemoryCopy(BytesOf(from.Key.Add((ulong)i)), BytesOf(to.Key.Add((ulong)i)), (long)PageSize.Size4K, (long)PageSize.Size4K);
        }
    }

    /// <summary>The 2 MiB of zeros, made when first asked for; null when memory runs out.</summary>
    internal Page HugeZeroPage()
    {
        lock (_groups)
        {
            if (_hugeZero.IsNull && TryAllocateZeroed(HugeOrder, null, out Page made) == Errno.None)
            {
                made.Set(PageFlags.Reserved);
                _hugeZero = made;
            }

            return _hugeZero;
        }
    }

    /// <summary>Whether the 2 MiB of zeros have been made.</summary>
    internal bool IsHugeZeroThere => !_hugeZero.IsNull;

    internal bool IsZeroPage(PageKey key) => key == _zero.Key || (!_hugeZero.IsNull && key.Value - _hugeZero.Key.Value < 512);

    internal MemoryGroup? GroupOf(Page head) => head.Descriptor->GroupId is 0 ? null : _groups[head.Descriptor->GroupId - 1];

    /// <summary>Moves a charge with the bytes from one page to another of the same order (row R27b).</summary>
    internal static void MoveCharge(Page from, Page to)
    {
        to.Descriptor->GroupId = from.Descriptor->GroupId;
        from.Descriptor->GroupId = 0;
    }

    private void FreeHugeZeroPage()
    {
        if (!_hugeZero.IsNull)
        {
            _hugeZero.Clear(PageFlags.Reserved);
            Put(_hugeZero);
            _hugeZero = default;
        }
    }

    /// <summary>Charges a page that nobody is charged for yet; false beyond the group's limit.</summary>
    internal static bool TryCharge(Page head, MemoryGroup? group, long pages)
    {
        if (group?.TryCharge(pages) == false)
        {
            return false;
        }

        head.Descriptor->GroupId = group?.Id ?? 0;
        return true;
    }

    internal void Uncharge(Page head)
    {
        GroupOf(head)?.Uncharge(head.Pages);
        head.Descriptor->GroupId = 0;
    }

    private byte* OtherBytesOf(PageKey key)
    {
        if (key.IsOffset)
        {
            return null;
        }

        foreach (RamZone zone in _zones)
        {
            if (zone.Contains(key.Frame))
            {
                return zone.BytesAt(key.Value);
            }
        }

        PhysicalAddress address = key.Frame.Address;
        lock (_deviceBytes)
        {
            foreach ((PhysicalRange range, IRamBytes bytes) in _deviceBytes)
            {
                if (range.Contains(address))
                {
                    PhysicalAddress block = address.AlignDown(PageSize.Size2M);
                    Span<byte> found = bytes.BlockAt(block);

                    // SAFETY: the interface promises that the bytes do not move.
                    return (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(found)) + address.OffsetFrom(block);
                }
            }
        }

        return null;
    }
}
