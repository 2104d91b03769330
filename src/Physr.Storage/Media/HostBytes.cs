// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Storage;

/// <summary>The CPU's view of physical memory, put together of RAM and media. Attach everything first; look-ups are then safe on any thread and allocate nothing.</summary>
public sealed class HostBytes : IHostBytes
{
    private readonly List<Part> _parts = [];

    /// <summary>Says where RAM's bytes are.</summary>
    /// <param name="range">Multiples of 2 MiB.</param>
    /// <param name="bytes">Its bytes.</param>
    public void Attach(PhysicalRange range, IRamBytes bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        Add(new(range, bytes, null));
    }

    /// <summary>Says where a medium lies.</summary>
    /// <param name="start">Its first byte.</param>
    /// <param name="medium">Its bytes.</param>
    public void Attach(PhysicalAddress start, PersistentMemory medium)
    {
        ArgumentNullException.ThrowIfNull(medium);
        Add(new(new(start, medium.Length), null, medium));
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> ReadableAt(PhysicalAddress address, ulong length)
    {
        Part? part = Find(address);
        if (part?.Medium is not { } medium)
        {
            return RamAt(part, address, length);
        }

        // Lost bytes have no view: TryRead says so.
        ulong offset = address.OffsetFrom(part.Range.Start);
        ReadOnlySpan<byte> bytes = medium.ReadableAt(offset, length);
        return medium.Errors.Overlaps(offset, (ulong)bytes.Length) ? default : bytes;
    }

    /// <inheritdoc/>
    public Span<byte> WritableAt(PhysicalAddress address, ulong length)
    {
        Part? part = Find(address);
        return part?.Medium is { } medium ? medium.WritableAt(address.OffsetFrom(part.Range.Start), length) : RamAt(part, address, length);
    }

    /// <inheritdoc/>
    public Errno TryWrite(PhysicalAddress address, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            Part? part = Find(address);
            int count = part is null ? 0 : (int)Math.Min((ulong)source.Length, part.Range.Length - address.OffsetFrom(part.Range.Start));
            if (part?.Medium is { } medium)
            {
                Errno errno = medium.TryWrite(address.OffsetFrom(part.Range.Start), source[..count]);
                if (errno != Errno.None)
                {
                    return errno;
                }
            }
            else
            {
                Span<byte> ram = RamAt(part, address, (ulong)source.Length);
                count = ram.Length;
                source[..count].CopyTo(ram);
            }

            if (count == 0)
            {
                return Errno.EFAULT;
            }

            source = source[count..];
            address = address.Add((ulong)count);
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno TryRead(PhysicalAddress address, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            Part? part = Find(address);
            int count = part is null ? 0 : (int)Math.Min((ulong)destination.Length, part.Range.Length - address.OffsetFrom(part.Range.Start));
            if (part?.Medium is { } medium)
            {
                Errno errno = medium.TryRead(address.OffsetFrom(part.Range.Start), destination[..count]);
                if (errno != Errno.None)
                {
                    return errno;
                }
            }
            else
            {
                Span<byte> ram = RamAt(part, address, (ulong)destination.Length);
                count = ram.Length;
                ram.CopyTo(destination);
            }

            if (count == 0)
            {
                return Errno.EFAULT;
            }

            destination = destination[count..];
            address = address.Add((ulong)count);
        }

        return Errno.None;
    }

    private static Span<byte> RamAt(Part? part, PhysicalAddress address, ulong length)
    {
        if (part?.Ram is not { } ram)
        {
            return default;
        }

        PhysicalAddress block = address.AlignDown(PageSize.Size2M);
        ulong into = address.OffsetFrom(block);
        ulong here = Math.Min(Math.Min(length, PageSize.Size2M - into), part.Range.End.Value - address.Value);
        return ram.BlockAt(block).Slice((int)into, (int)here);
    }

    private Part? Find(PhysicalAddress address)
    {
        int low = 0;
        int high = _parts.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            Part part = _parts[middle];
            if (part.Range.Contains(address))
            {
                return part;
            }

            if (part.Range.Start.Value > address.Value)
            {
                high = middle - 1;
            }
            else
            {
                low = middle + 1;
            }
        }

        return null;
    }

    private void Add(Part part)
    {
        int at = _parts.FindIndex(each => each.Range.Start.Value > part.Range.Start.Value);
        at = at < 0 ? _parts.Count : at;
        if ((at > 0 && _parts[at - 1].Range.Overlaps(part.Range)) || (at < _parts.Count && _parts[at].Range.Overlaps(part.Range)))
        {
            throw new ArgumentException($"{part.Range} is attached already, in part.", nameof(part));
        }

        _parts.Insert(at, part);
    }

    private sealed record Part(PhysicalRange Range, IRamBytes? Ram, PersistentMemory? Medium);
}
