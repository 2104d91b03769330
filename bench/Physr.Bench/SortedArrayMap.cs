// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Bench;

/// <summary>The baseline of the interval look-ups: a sorted array of starts, searched without a branch that depends on the data, the ends and values beside it.
/// It cannot be updated.</summary>
/// <remarks>Unrolled, because the JIT makes conditional moves of conditional expressions only outside loops; as fast as the same search in C with <c>cmov</c>,
/// which is what the figures of the comparisons (9.8, 29 and 149 ns) are.</remarks>
internal sealed class SortedArrayMap
{
    private readonly ulong[] _starts;
    private readonly (ulong End, int Value)[] _tails;
    private readonly int _steps;

    /// <summary>Makes the map of parallel arrays, ascending, of 2 to 2^24 ranges.</summary>
    public SortedArrayMap(ulong[] starts, (ulong End, int Value)[] tails)
    {
        _starts = starts;
        _tails = tails;
        _steps = BitOperations.Log2((uint)starts.Length - 1) + 1;
    }

    /// <summary>The range that holds <paramref name="key"/>.</summary>
    public bool TryFind(ulong key, out int value, out ulong start, out ulong length)
    {
        ref ulong keys = ref MemoryMarshal.GetArrayDataReference(_starts);

        nuint position = 0;
        nuint rest = (nuint)_starts.Length;
        nuint half;
        switch (_steps)
        {
            case 24:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 23;
            case 23:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 22;
            case 22:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 21;
            case 21:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 20;
            case 20:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 19;
            case 19:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 18;
            case 18:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 17;
            case 17:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 16;
            case 16:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 15;
            case 15:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 14;
            case 14:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 13;
            case 13:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 12;
            case 12:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 11;
            case 11:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 10;
            case 10:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 9;
            case 9:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 8;
            case 8:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 7;
            case 7:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 6;
            case 6:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 5;
            case 5:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 4;
            case 4:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 3;
            case 3:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 2;
            case 2:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto case 1;
            case 1:
                half = rest / 2;
                position = Unsafe.Add(ref keys, position + half) <= key ? position + half : position;
                rest -= half;
                goto default;
            default:
                break;
        }

        ref (ulong End, int Value) tail = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_tails), position);
        ulong first = Unsafe.Add(ref keys, position);
        ulong size = tail.End - first;
        bool found = key - first < size;
        value = found ? tail.Value : 0;
        start = found ? first : 0;
        length = found ? size : 0;
        return found;
    }
}
