// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Cli.Page;

namespace Physr.Cli.Tests.Page;

/// <summary>Whether pages that are old, torn or another's are told from the right ones.</summary>
public sealed class PageStampsTests
{
    private const int Page = PageStamps.PageBytes;

    [Fact]
    public void APageHoldsWhatWasWrittenLast()
    {
        PageStamps stamps = new(1, 10, 4, isBlank: true);
        byte[] page = new byte[Page];
        Assert.True(stamps.Read(2, page));
        stamps.Write(2, page);
        Assert.True(stamps.Read(2, page));
        Assert.False(stamps.Read(1, page));
        Assert.Equal((12UL * Page, 2), (stamps.OffsetOf(2), stamps.CountTouched()));
    }

    [Fact]
    public void AnOldPageATornOneAndZerosAreFound_AndNamed()
    {
        PageStamps stamps = new(1, 0, 4, isBlank: true);
        byte[] page = new byte[Page];
        stamps.Write(3, page);
        byte[] old = [.. page];
        stamps.Write(3, page);

        Assert.False(stamps.Read(3, old));
        Assert.Equal("page 3 (at 0x3000), written 2 times: it holds write 1", stamps.Describe(3, old));
        Assert.False(stamps.Read(3, new byte[Page]));
        Assert.Equal("page 3 (at 0x3000), written 2 times: it holds write 0", stamps.Describe(3, new byte[Page]));
        byte[] torn = [.. page.AsSpan(0, Page / 2), .. old.AsSpan(Page / 2)];
        Assert.False(stamps.Read(3, torn));
        Assert.Contains("256 of 512 words are wrong, the first at byte 2048: 0x", stamps.Describe(3, torn), StringComparison.Ordinal);
    }

    [Fact]
    public void EverySingleByteCounts()
    {
        PageStamps stamps = new(7, 0, 1, isBlank: true);
        byte[] page = new byte[Page];
        stamps.Write(0, page);
        for (int index = 0; index < Page; index++)
        {
            page[index] ^= 1;
            Assert.False(stamps.Read(0, page));
            page[index] ^= 1;
        }

        Assert.True(stamps.Read(0, page));
    }

    [Fact]
    public void AStoreThatHeldAnythingIsWrittenBeforeItIsRead()
    {
        PageStamps stamps = new(1, 0, 1, isBlank: false);
        Assert.False(stamps.IsKnown(0));
        stamps.Write(0, new byte[Page]);
        Assert.True(stamps.IsKnown(0));
        Assert.True(new PageStamps(1, 0, 1, isBlank: true).IsKnown(0));
    }

    [Fact]
    public void AnAccessAllocatesNothing()
    {
        PageStamps stamps = new(1, 0, 64, isBlank: true);
        AccessTimes times = new();
        byte[] page = new byte[Page];
        PageOrder order = new(PagePattern.Zipf, 64, new(3));
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            for (int access = 0; access < 100; access++)
            {
                int next = order.Next();
                stamps.Write(next, page);
                stamps.Read(next, page);
                times.Note(access);
            }
        }));
    }
}
