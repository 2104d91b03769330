// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>Where all happens: 96 pages at a fixed address, with a 2 MiB boundary in their middle, and two files.</summary>
internal static class Arena
{
    public const ulong PageSize = 4096;
    public const int Pages = 96;
    public const int Middle = 48;
    public const ulong Start = 0x10_0000_0000 + 0x20_0000 - (Middle * PageSize);
    public const ulong End = Start + (Pages * PageSize);

    /// <summary>At most so many processes live at once.</summary>
    public const int Processes = 3;

    /// <summary>The length of the two files at first, in pages.</summary>
    public static ReadOnlySpan<int> FilePages => [40, 16];

    public static ulong Address(int page) => Start + ((ulong)page * PageSize);

    /// <summary>File 0 is written throughout; of file 1 the first two of every four pages are, the others are holes.</summary>
    public static bool IsWritten(int file, int page) => page < FilePages[file] && (file == 0 || page % 4 < 2);

    /// <summary>What the 64-bit words of a written page hold at first.</summary>
    public static ulong InitialWord(int file, int page, int word) => ((ulong)(file + 1) << 32) | ((ulong)page << 16) | (uint)word;

    /// <summary>The hash of a page's contents, as the agent has it: any one word that differs shows. A page of zeros is 0.</summary>
    public static ulong Hash(ReadOnlySpan<ulong> words)
    {
        ulong sum = 0;
        for (int i = 0; i < words.Length; i++)
        {
            sum += words[i] * (ulong)((2 * i) + 1);
        }

        return sum;
    }

    public static string Name(ulong address)
    {
        if (address is < Start or >= End + PageSize)
        {
            return $"0x{address:x}";
        }

        ulong offset = address - Start;
        return offset % PageSize == 0 ? $"arena+{offset / PageSize}" : $"arena+{offset / PageSize}+0x{offset % PageSize:x}";
    }

    public static string Length(ulong length) => length % PageSize == 0 && length < 1UL << 40 ? (length / PageSize) switch { 1 => "1 page", ulong pages => $"{pages} pages" } : $"0x{length:x} bytes";
}
