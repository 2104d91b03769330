// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Live.Tests;

/// <summary>One thread's work on a region beside the same on an array: raw touches and leases, of values and of whole pages.</summary>
internal sealed unsafe class Shadow
{
    private const int PageLongs = 4096 / sizeof(long);

    private readonly DevicePrivateRegion _region;
    private readonly long[] _expected;
    private readonly Random _random;
    private readonly int _seed;

    public Shadow(DevicePrivateRegion region, int seed)
    {
        _region = region;
        _seed = seed;
        _random = new(seed);
        _expected = new long[region.Length / sizeof(long)];
    }

    /// <summary>Does some of it.</summary>
    public void Work(int operations)
    {
        // SAFETY: the region lives, and indices are within it.
        long* values = (long*)_region.Pointer;
        for (int operation = 0; operation < operations; operation++)
        {
            int index = _random.Next(_expected.Length);
            long value = _random.NextInt64();
            switch (_random.Next(5))
            {
                case 0:
                    Same(index, values[index]);
                    break;
                case 1:
                    values[index] = value;
                    _expected[index] = value;
                    break;
                case 2:
                    using (ResidencyLease lease = _region.Acquire((ulong)index * sizeof(long), sizeof(long), LeaseAccess.Read))
                    {
                        Same(index, BitConverter.ToInt64(lease.Span));
                    }

                    break;
                case 3:
                    int page = index / PageLongs * PageLongs;
                    using (ResidencyLease lease = _region.Acquire((ulong)page * sizeof(long), 4096, LeaseAccess.Write))
                    {
                        lease.Span.Fill((byte)value);
                    }

                    Array.Fill(_expected, (byte)value * 0x0101010101010101L, page, PageLongs);
                    break;
                default:
                    Same(index / PageLongs * PageLongs, values[index / PageLongs * PageLongs]);
                    break;
            }
        }
    }

    /// <summary>Compares every value.</summary>
    public void Check()
    {
        for (int index = 0; index < _expected.Length; index++)
        {
            Same(index, ((long*)_region.Pointer)[index]);
        }
    }

    private void Same(int index, long value) => Assert.True(value == _expected[index], $"seed {_seed}: at {index * sizeof(long)} is {value:x}, not {_expected[index]:x}");
}
