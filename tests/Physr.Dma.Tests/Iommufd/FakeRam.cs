// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>Physical memory as pages with counts. Frames are handed out so that some pages follow one another and some do not. One lock for everything in it.</summary>
internal sealed class FakeRam : IHostMemory
{
    private readonly Dictionary<ulong, FakeFrame> _frames = [];
    private ulong _next = 0x1000;

    public Lock Lock { get; } = new();

    public IAllocationGate? Gate { get; set; }

    /// <summary>Pins over all frames.</summary>
    public long Pins
    {
        get
        {
            lock (Lock)
            {
                return _frames.Values.Sum(static frame => (long)frame.Pins);
            }
        }
    }

    /// <summary>Frames that nobody maps or pins are gone: whoever reaches one fails.</summary>
    public int Live
    {
        get
        {
            lock (Lock)
            {
                return _frames.Count;
            }
        }
    }

    public FakeFrame Allocate(bool contiguous)
    {
        if (!contiguous)
        {
            // Runs of 1, 2 and 3 frames.
            _next += _next % 3 == 0 ? 2UL : 1;
        }

        FakeFrame frame = new(_next++);
        _frames.Add(frame.Number, frame);
        return frame;
    }

    /// <summary>Begins a run of frames on a 2 MiB boundary.</summary>
    public void AlignNext() => _next = Alignment.Up(_next, 512);

    public FakeFrame this[ulong number] => _frames.TryGetValue(number, out FakeFrame? frame) ? frame : throw new InvalidOperationException($"Frame 0x{number:x} is free.");

    public void Unmap(FakeFrame frame)
    {
        frame.Maps--;
        FreeIfUnused(frame);
    }

    public void Unpin(PhysicalRange range)
    {
        lock (Lock)
        {
            for (ulong at = 0; at < range.Length; at += PageSize.Size4K)
            {
                FakeFrame frame = this[(range.Start.Value + at) >> 12];
                if (--frame.Pins < 0)
                {
                    throw new InvalidOperationException($"Frame 0x{frame.Number:x} was unpinned too often.");
                }

                FreeIfUnused(frame);
            }
        }
    }

    public Errno TryAllocate(ulong length, PhysicalAddress last, string purpose, out PhysicalRange range) => throw new NotSupportedException();

    public void Free(PhysicalRange range) => throw new NotSupportedException();

    public void Read(PhysicalAddress address, Span<byte> destination)
    {
        lock (Lock)
        {
            for (int done = 0; done < destination.Length;)
            {
                (FakeFrame frame, int offset, int length) = Piece(address.Value + (ulong)done, destination.Length - done);
                frame.Bytes.AsSpan(offset, length).CopyTo(destination[done..]);
                done += length;
            }
        }
    }

    public void Write(PhysicalAddress address, ReadOnlySpan<byte> source)
    {
        lock (Lock)
        {
            for (int done = 0; done < source.Length;)
            {
                (FakeFrame frame, int offset, int length) = Piece(address.Value + (ulong)done, source.Length - done);
                source.Slice(done, length).CopyTo(frame.Bytes.AsSpan(offset));
                done += length;
            }
        }
    }

    private (FakeFrame Frame, int Offset, int Length) Piece(ulong address, int left)
    {
        FakeFrame frame = this[address >> 12];
        int offset = (int)(address & 4095);
        return frame.Pins != 0 ? (frame, offset, Math.Min(left, 4096 - offset)) : throw new InvalidOperationException($"Frame 0x{frame.Number:x} is reached but not pinned.");
    }

    private void FreeIfUnused(FakeFrame frame)
    {
        if (frame is { Maps: 0, Pins: 0 })
        {
            _frames.Remove(frame.Number);
        }
    }
}
