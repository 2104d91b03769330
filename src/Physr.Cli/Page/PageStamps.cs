// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Cli.Page;

/// <summary>What the pages of one thread have to hold, kept in ordinary memory: how often each was written. Every write fills its page with words that follow from the seed, the page and that number, so that a page which is
/// old, torn or another's is told from the right one.</summary>
/// <param name="seed">Tells runs apart.</param>
/// <param name="first">The first page's number in the region.</param>
/// <param name="count">How many pages.</param>
/// <param name="isBlank">Whether a page that was never written has to be zeros; if not, it may hold anything, and has to be written before it is read.</param>
internal sealed class PageStamps(ulong seed, ulong first, int count, bool isBlank)
{
    /// <summary>Bytes of a page.</summary>
    public const int PageBytes = 4096;

    private const uint Touched = 1U << 31;
    private const ulong Stride = 0x9E37_79B9_7F4A_7C15;

    private readonly uint[] _writes = new uint[count];

    /// <summary>How many pages there are.</summary>
    public int Count => count;

    /// <summary>How many of them were read or written.</summary>
    public int CountTouched() => _writes.Count(static writes => (writes & Touched) != 0);

    /// <summary>Where a page is, in bytes from the region's start.</summary>
    public ulong OffsetOf(int page) => (first + (ulong)page) * PageBytes;

    /// <summary>Whether it is known what a page has to hold.</summary>
    public bool IsKnown(int page) => isBlank || _writes[page] != 0;

    /// <summary>Whether a page was read or written.</summary>
    public bool IsTouched(int page) => (_writes[page] & Touched) != 0;

    /// <summary>Writes a page anew.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(int page, Span<byte> bytes)
    {
        uint writes = Math.Max(1, (_writes[page] + 1) & ~Touched);
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        ulong value = Start(page, writes);
        for (int word = 0; word < words.Length; word++)
        {
            words[word] = value;
            value += Stride;
        }

        _writes[page] = writes | Touched;
    }

    /// <summary>Whether a page holds what it has to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Read(int page, ReadOnlySpan<byte> bytes)
    {
        uint writes = _writes[page] & ~Touched;
        _writes[page] |= Touched;
        return Holds(page, writes, MemoryMarshal.Cast<byte, ulong>(bytes));
    }

    /// <summary>What a page holds instead, for a human.</summary>
    public string Describe(int page, ReadOnlySpan<byte> bytes)
    {
        uint writes = _writes[page] & ~Touched;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        string where = $"page {first + (ulong)page} (at 0x{OffsetOf(page):x}), written {writes} times:";
        for (uint older = 1; older <= Math.Min(writes, 64); older++)
        {
            if (Holds(page, writes - older, words))
            {
                return $"{where} it holds write {writes - older}";
            }
        }

        ulong wanted = Start(page, writes);
        ulong step = writes == 0 ? 0 : Stride;
        int right = 0;
        int wrong = -1;
        for (int word = 0; word < words.Length; word++)
        {
            bool isRight = words[word] == wanted + ((ulong)word * step);
            right += isRight ? 1 : 0;
            wrong = isRight || wrong >= 0 ? wrong : word;
        }

        return wrong < 0
            ? $"{where} it was wrong, and is right when looked at again"
            : $"{where} {words.Length - right} of {words.Length} words are wrong, the first at byte {wrong * sizeof(ulong)}: 0x{words[wrong]:x16} instead of 0x{wanted + ((ulong)wrong * step):x16}";
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Holds(int page, uint writes, ReadOnlySpan<ulong> words)
    {
        if (writes == 0)
        {
            return !words.ContainsAnyExcept(0UL);
        }

        ulong wrong = 0;
        ulong value = Start(page, writes);
        for (int word = 0; word < words.Length; word++)
        {
            wrong |= words[word] ^ value;
            value += Stride;
        }

        return wrong == 0;
    }

    private ulong Start(int page, uint writes)
    {
        if (writes == 0)
        {
            return 0;
        }

        ulong z = seed + ((first + (ulong)page) * 0xBF58_476D_1CE4_E5B9) + (writes * 0x94D0_49BB_1331_11EB);
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
