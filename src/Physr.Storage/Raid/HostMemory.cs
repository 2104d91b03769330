// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>What the CPU does with the bytes of a range list.</summary>
internal static class HostMemory
{
    /// <summary>Bytes at once, so that what they are added to stays in the nearest cache.</summary>
    private const int StripBytes = 8192;

    /// <summary>Copies bytes into a list's memory.</summary>
    /// <returns><see cref="Errno.EFAULT"/> where the CPU cannot reach.</returns>
    public static Errno TryWrite(IHostBytes host, RangeListView list, ReadOnlySpan<byte> source)
    {
        foreach (ProvidedRange entry in list)
        {
            int length = (int)entry.Range.Length;
            Errno errno = host.TryWrite(entry.Range.Start, source[..length]);
            if (errno != Errno.None)
            {
                return errno;
            }

            source = source[length..];
        }

        return Errno.None;
    }

    /// <summary>Copies bytes out of a list's memory.</summary>
    public static Errno TryRead(IHostBytes host, RangeListView list, Span<byte> destination)
    {
        foreach (ProvidedRange entry in list)
        {
            int length = (int)entry.Range.Length;
            Errno errno = host.TryRead(entry.Range.Start, destination[..length]);
            if (errno != Errno.None)
            {
                return errno;
            }

            destination = destination[length..];
        }

        return Errno.None;
    }

    /// <summary>The checksum of a list's bytes.</summary>
    public static Errno TryChecksum(IHostBytes host, RangeListView list, ref uint checksum)
    {
        foreach (ProvidedRange entry in list)
        {
            for (ulong done = 0; done < entry.Range.Length;)
            {
                ReadOnlySpan<byte> bytes = host.ReadableAt(entry.Range.Start.Add(done), entry.Range.Length - done);
                if (bytes.IsEmpty)
                {
                    return Errno.EFAULT;
                }

                checksum = Crc32C.Of(bytes, checksum);
                done += (ulong)bytes.Length;
            }
        }

        return Errno.None;
    }

    /// <summary>Adds a product of a list's bytes to a sum (<see cref="ParityKernels.AddProduct"/>).</summary>
    public static Errno TryAddProduct(IHostBytes host, RangeListView list, Span<byte> sum, byte factor)
    {
        foreach (ProvidedRange entry in list)
        {
            for (ulong done = 0; done < entry.Range.Length;)
            {
                ReadOnlySpan<byte> bytes = host.ReadableAt(entry.Range.Start.Add(done), entry.Range.Length - done);
                if (bytes.IsEmpty)
                {
                    return Errno.EFAULT;
                }

                ParityKernels.AddProduct(sum[..bytes.Length], bytes, factor);
                sum = sum[bytes.Length..];
                done += (ulong)bytes.Length;
            }
        }

        return Errno.None;
    }

    /// <summary>Computes the parity of data that lies in lists: by strips, four sources in one pass where each lies in one piece.</summary>
    /// <param name="host">The CPU's view.</param>
    /// <param name="sources">The data, by position; equally long.</param>
    /// <param name="p">Gets P.</param>
    /// <param name="q">Gets Q; empty for none.</param>
    public static Errno TryGenerate(IHostBytes host, ReadOnlySpan<RangeListView> sources, Span<byte> p, Span<byte> q)
    {
        for (int at = 0; at < p.Length; at += StripBytes)
        {
            int length = Math.Min(StripBytes, p.Length - at);
            Errno errno = TryGenerateStrip(host, sources, (ulong)at, p.Slice(at, length), q.IsEmpty ? q : q.Slice(at, length));
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        return Errno.None;
    }

    private static Errno TryGenerateStrip(IHostBytes host, ReadOnlySpan<RangeListView> sources, ulong at, Span<byte> p, Span<byte> q)
    {
        int next = sources.Length - 1;
        bool isFirst = true;
        while (next >= 3)
        {
            ReadOnlySpan<byte> a = Piece(host, sources[next - 3], at, p.Length);
            ReadOnlySpan<byte> b = Piece(host, sources[next - 2], at, p.Length);
            ReadOnlySpan<byte> c = Piece(host, sources[next - 1], at, p.Length);
            ReadOnlySpan<byte> d = Piece(host, sources[next], at, p.Length);
            if (a.Length != p.Length || b.Length != p.Length || c.Length != p.Length || d.Length != p.Length || (q.IsEmpty && !isFirst))
            {
                break;
            }

            if (q.IsEmpty)
            {
                ParityKernels.Sum(p, a, b, c, d);
            }
            else
            {
                ParityKernels.Step(p, q, a, b, c, d, isFirst);
            }

            isFirst = false;
            next -= 4;
        }

        if (isFirst)
        {
            p.Clear();
            q.Clear();
        }

        for (; next >= 0; next--)
        {
            for (int done = 0; done < p.Length;)
            {
                ReadOnlySpan<byte> bytes = Piece(host, sources[next], at + (ulong)done, p.Length - done);
                if (bytes.IsEmpty)
                {
                    return Errno.EFAULT;
                }

                if (q.IsEmpty)
                {
                    ParityKernels.Add(p.Slice(done, bytes.Length), bytes);
                }
                else
                {
                    ParityKernels.Step(p.Slice(done, bytes.Length), q.Slice(done, bytes.Length), bytes);
                }

                done += bytes.Length;
            }
        }

        return Errno.None;
    }

    /// <summary>The bytes from an offset on that lie in one piece.</summary>
    private static ReadOnlySpan<byte> Piece(IHostBytes host, RangeListView list, ulong offset, int length)
    {
        RangeList.Enumerator entries = list.Slice(offset, (ulong)length).GetEnumerator();
        return entries.MoveNext() ? host.ReadableAt(entries.Current.Range.Start, entries.Current.Range.Length) : default;
    }
}
