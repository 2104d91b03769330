// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Bounce;

/// <content>Copying between slots and where the bytes belong.</content>
public sealed partial class BouncePool
{
    private const int CopyBytes = 4096;

    [ThreadStatic]
    private static byte[]? t_buffer;

    /// <summary>Copies what the device wrote to where it belongs, the slots staying out.</summary>
    /// <param name="bounced">An address in a run.</param>
    /// <param name="length">Bytes from it on.</param>
    /// <param name="direction">As it was mapped; nothing is copied where the device only reads.</param>
    /// <returns><see cref="Errno.EINVAL"/> where these are not all bytes of one run's data.</returns>
    public Errno SyncForCpu(PhysicalAddress bounced, ulong length, DmaDirection direction)
    {
        Errno errno = Find(bounced, length, out PhysicalRange original);
        if (errno == Errno.None && direction != DmaDirection.ToDevice)
        {
            Copy(bounced, original.Start, length);
            Interlocked.Add(ref _bytesOut, (long)length);
        }

        return errno;
    }

    /// <summary>Copies what the CPU wrote to where the device sees it.</summary>
    /// <param name="bounced">An address in a run.</param>
    /// <param name="length">Bytes from it on.</param>
    /// <param name="direction">As it was mapped; nothing is copied where the device only writes.</param>
    /// <returns><see cref="Errno.EINVAL"/> where these are not all bytes of one run's data.</returns>
    public Errno SyncForDevice(PhysicalAddress bounced, ulong length, DmaDirection direction)
    {
        Errno errno = Find(bounced, length, out PhysicalRange original);
        if (errno == Errno.None && direction != DmaDirection.FromDevice)
        {
            Copy(original.Start, bounced, length);
            Interlocked.Add(ref _bytesIn, (long)length);
        }

        return errno;
    }

    /// <summary>Bytes of data from an address of a run to that run's end; 0 where there are none.</summary>
    internal ulong DataAfter(PhysicalAddress bounced)
    {
        int first = Owns(bounced) ? FirstSlotOf(bounced) : -1;
        if (first < 0)
        {
            return 0;
        }

        PhysicalRange data = new(AddressOf(first).Add(_slots[first].Offset), _slots[first].Original.Length);
        return data.Contains(bounced) ? data.End.Value - bounced.Value : 0;
    }

    private Errno Find(PhysicalAddress bounced, ulong length, out PhysicalRange original)
    {
        original = default;
        if (length == 0 || length > DataAfter(bounced))
        {
            return Errno.EINVAL;
        }

        int first = FirstSlotOf(bounced);
        original = _slots[first].Original.Slice(bounced.Value - AddressOf(first).Value - _slots[first].Offset, length);
        return Errno.None;
    }

    /// <summary>Puts the bytes into fresh slots, or zeroes where the caller will, and zeroes around them up to what the device sees.</summary>
    private void Fill(PhysicalAddress bounced, PhysicalRange original, PhysicalRange visible, DmaAttributes attributes)
    {
        bool copies = (attributes & DmaAttributes.SkipCpuSync) == DmaAttributes.None;
        PhysicalAddress data = copies ? bounced : visible.Start;
        PhysicalAddress dataEnd = copies ? bounced.Add(original.Length) : visible.End;
        Zero(PhysicalRange.FromBounds(visible.Start, copies ? data : dataEnd));
        Zero(PhysicalRange.FromBounds(dataEnd, visible.End));
        if (copies)
        {
            Copy(original.Start, bounced, original.Length);
            Interlocked.Add(ref _bytesIn, (long)original.Length);
        }
    }

    private void Copy(PhysicalAddress from, PhysicalAddress to, ulong length)
    {
        byte[] buffer = t_buffer ??= new byte[CopyBytes];
        for (ulong done = 0; done < length;)
        {
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(CopyBytes, length - done));
            _memory.Read(from.Add(done), piece);
            _memory.Write(to.Add(done), piece);
            done += (ulong)piece.Length;
        }
    }

    private void Zero(PhysicalRange range)
    {
        byte[] buffer = t_buffer ??= new byte[CopyBytes];
        Array.Clear(buffer);
        for (ulong done = 0; done < range.Length;)
        {
            ReadOnlySpan<byte> piece = buffer.AsSpan(0, (int)Math.Min(CopyBytes, range.Length - done));
            _memory.Write(range.Start.Add(done), piece);
            done += (ulong)piece.Length;
        }
    }
}
