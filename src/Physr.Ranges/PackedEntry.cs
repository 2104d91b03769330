// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>The packed form of one range-list entry: 8, 16 or 24 bytes, always the shortest that fits (row R59a).</summary>
/// <remarks>
/// The two top bits of the first word say which:
/// <list type="table">
/// <item><term>00, 8 bytes</term><description>page-aligned run: frame number (36 bits, 256 TiB), frames − 1 (16 bits, 256 MiB), tag (10 bits)</description></item>
/// <item><term>01, 16 bytes</term><description>tag (10 bits), length in bytes (52 bits, 4 PiB); then the 64-bit address</description></item>
/// <item><term>10, 24 bytes</term><description>tag (32 bits); then the 64-bit address; then the 64-bit length</description></item>
/// </list>
/// The tag is the provider's index in a CPU list and the kind of address in a DMA list.
/// </remarks>
internal static class PackedEntry
{
    public const int MaxWords = 3;

    private const ulong FormMask = 3UL << 62;
    private const ulong WideForm = 1UL << 62;
    private const ulong FullForm = 2UL << 62;
    private const int TagBits = 10;
    private const int CountBits = 16;
    private const int FrameBits = 36;
    private const int WideLengthBits = 52;

    /// <summary>Writes one entry and returns how many words it took.</summary>
    public static int Write(Span<ulong> words, ulong address, ulong length, uint tag)
    {
        if (tag < 1u << TagBits)
        {
            ulong frames = length >> PageSize.Shift4K;
            if (((address | length) & (PageSize.Size4K - 1)) == 0 && frames - 1 < 1UL << CountBits && address >> PageSize.Shift4K < 1UL << FrameBits)
            {
                words[0] = (address >> PageSize.Shift4K << (CountBits + TagBits)) | ((frames - 1) << TagBits) | tag;
                return 1;
            }

            if (length < 1UL << WideLengthBits)
            {
                words[0] = WideForm | ((ulong)tag << WideLengthBits) | length;
                words[1] = address;
                return 2;
            }
        }

        words[0] = FullForm | tag;
        words[1] = address;
        words[2] = length;
        return 3;
    }

    /// <summary>Reads the entry at <paramref name="word"/> and returns the index of the next.</summary>
    public static int Read(ReadOnlySpan<ulong> words, int word, out ulong address, out ulong length, out uint tag)
    {
        ulong first = words[word];
        if ((first & FormMask) == 0)
        {
            address = first >> (CountBits + TagBits) << PageSize.Shift4K;
            length = (((first >> TagBits) & ((1UL << CountBits) - 1)) + 1) << PageSize.Shift4K;
            tag = (uint)first & ((1u << TagBits) - 1);
            return word + 1;
        }

        address = words[word + 1];
        if ((first & FormMask) == WideForm)
        {
            length = first & ((1UL << WideLengthBits) - 1);
            tag = (uint)(first >> WideLengthBits) & ((1u << TagBits) - 1);
            return word + 2;
        }

        length = words[word + 2];
        tag = (uint)first;
        return word + 3;
    }

    /// <summary>How many words the entry starting with <paramref name="first"/> takes; 0 for a form that no writer makes.</summary>
    public static int WordsOf(ulong first) => (first & FormMask) switch
    {
        0 => 1,
        WideForm => 2,
        FullForm => 3,
        _ => 0,
    };
}
