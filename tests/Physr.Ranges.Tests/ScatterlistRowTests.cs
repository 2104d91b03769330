// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges.Tests;

/// <summary>The table of the kernel's scatterlist test, in its four columns: page frames, bytes, most bytes per segment, expected segments; and frames appended by a second call.
/// There a table is built for one device; here the list is built once and cut while it is read (row R62), so each row is read without a limit as well.</summary>
public sealed class ScatterlistRowTests
{
    private const ulong Page = PageSize.Size4K;

    /// <summary>As many bytes as a segment of the kernel may have: 4 GiB less one page.</summary>
    private const ulong Unlimited = uint.MaxValue & ~(Page - 1);

    public static TheoryData<int, ulong[], ulong[], ulong, ulong, int> Rows => new()
    {
        // One frame, whole, in part, and its last byte.
        { 1, [1], [], Page, Unlimited, 1 },
        { 2, [1], [], 1, Unlimited, 1 },
        { 3, [1], [], Page - 1, Unlimited, 1 },

        // Neighbours are one segment, in part too, however many.
        { 4, [0, 1], [], 2 * Page, Unlimited, 1 },
        { 5, [0, 1], [], Page + 1, Unlimited, 1 },
        { 6, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [], 10 * Page, Unlimited, 1 },

        // The same frame twice, frames in reverse, and gaps: nothing joins.
        { 7, [5, 5], [], 2 * Page, Unlimited, 2 },
        { 8, [3, 2, 1, 0], [], 4 * Page, Unlimited, 4 },
        { 9, [0, 2], [], Page + 1, Unlimited, 2 },
        { 10, [0, 1, 3, 4, 6], [], 5 * Page, Unlimited, 3 },
        { 11, [0, 2, 3, 4, 5], [], 5 * Page, Unlimited, 2 },
        { 12, [0, 1, 2, 3, 5], [], 5 * Page, Unlimited, 2 },

        // Limits: a page, two, and odd bytes, which round down to pages.
        { 13, [0, 1, 2, 3, 4], [], 5 * Page, Page, 5 },
        { 14, [0, 1, 2, 3, 4], [], 5 * Page, 2 * Page, 3 },
        { 15, [0, 1, 2, 3, 4], [], (4 * Page) + 1, 2 * Page, 3 },
        { 16, [0, 1, 2, 3], [], 4 * Page, (2 * Page) - 1, 4 },
        { 17, [0, 1, 3, 4, 5, 6], [], 6 * Page, 2 * Page, 3 },
        { 18, [0, 1, 2, 4, 5, 6], [], 6 * Page, 2 * Page, 4 },

        // Appended by a second call: joined with the last frame where adjacent, cut within the limit, and apart otherwise.
        { 19, [0, 1], [2, 3], 4 * Page, Unlimited, 1 },
        { 20, [0, 1], [3, 4], 4 * Page, Unlimited, 2 },
        { 21, [0, 1, 2], [3, 4, 6], 6 * Page, 2 * Page, 4 },
        { 22, [4, 5], [2, 3], 3 * Page, Page, 3 },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void R62_scatterlist_rows(int row, ulong[] frames, ulong[] appended, ulong size, ulong maxSegment, int expected)
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        List<ulong> bytes = [];
        Append(builder, frames, size, bytes);
        Append(builder, appended, size, bytes);
        RangeList list = builder.Build();
        Assert.Equal(size, list.Length);
        SegmentLimits limits = new() { MaxSegmentSize = maxSegment, MinAlignment = Page };

        List<ulong> read = [];
        int segments = 0;
        foreach (ProvidedRange segment in list.Segments(limits))
        {
            segments++;
            Assert.InRange(segment.Range.Length, 1UL, maxSegment / Page * Page);
            for (ulong i = 0; i < segment.Range.Length; i++)
            {
                read.Add(segment.Range.Start.Value + i);
            }
        }

        Assert.True(bytes.SequenceEqual(read), $"row {row}: other bytes");
        Assert.Equal((expected, expected), (segments, CountByBytes(bytes, maxSegment / Page * Page)));
        int whole = 0;
        foreach (ProvidedRange segment in list.Segments(SegmentLimits.None))
        {
            whole++;
        }

        Assert.Equal(CountByBytes(bytes, ulong.MaxValue), whole);
    }

    /// <summary>There, a limit of no bytes, or of less than a page, is EINVAL. Here 0 is no limit by design; less than the alignment at which it would have to cut is refused.</summary>
    [Fact]
    public void R62_scatterlist_rows_ALimitThatNoPageKeeps_IsRefused()
    {
        RangeList list = RangeList.Of(new(new(0), 3 * Page));
        Assert.Throws<ArgumentException>(() => list.Segments(new() { MaxSegmentSize = 1, MinAlignment = Page }).GetEnumerator());
        Assert.Throws<ArgumentException>(() => list.Segments(new() { MaxSegmentSize = Page - 1, MinAlignment = Page }).GetEnumerator());
        int segments = 0;
        foreach (ProvidedRange segment in list.Segments(new() { MaxSegmentSize = 0, MinAlignment = Page }))
        {
            segments++;
        }

        Assert.Equal(1, segments);
    }

    /// <summary>Frames until the bytes are used up; the last one in part.</summary>
    private static void Append(RangeListBuilder builder, ulong[] frames, ulong size, List<ulong> bytes)
    {
        foreach (ulong frame in frames)
        {
            ulong length = Math.Min(Page, size - builder.Length);
            builder.Append(new PhysicalRange(new(frame * Page), length));
            for (ulong i = 0; i < length; i++)
            {
                bytes.Add((frame * Page) + i);
            }
        }
    }

    /// <summary>Segments counted byte by byte: a new one begins where a byte does not follow the one before, or the segment is full.</summary>
    private static int CountByBytes(List<ulong> bytes, ulong most)
    {
        int segments = 0;
        ulong length = 0;
        for (int i = 0; i < bytes.Count; i++)
        {
            bool follows = i > 0 && bytes[i] == bytes[i - 1] + 1 && length < most;
            segments += follows ? 0 : 1;
            length = follows ? length + 1 : 1;
        }

        return segments;
    }
}
