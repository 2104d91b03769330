// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Mm.Tests.Selftests.SelftestHost;

namespace Physr.Mm.Tests.Selftests;

/// <summary>When neighbouring areas become one (the kernel's <c>merge.c</c>, section 4.7; without uprobes, KSM and sealed memory, which do not exist here).</summary>
public sealed class MergeTests
{
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void mprotect_left_and_right(bool leftFaulted, bool rightFaulted) => With((host, process, at) =>
    {
        process.Protect(at, 5, Protection.Read);
        Touch(process, at.At(7), rightFaulted);
        process.Protect(at, 5, Protection.ReadWrite);
        process.Protect(at.At(5), 5, Protection.Read);
        Touch(process, at.At(2), leftFaulted);
        process.Protect(at.At(5), 5, Protection.ReadWrite);
        Assert.Equal([(at, 10)], Areas(process, at));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void mprotect_both(bool isFaulted) => With((host, process, at) =>
    {
        Touch(process, at, isFaulted);
        process.Protect(at.At(3), 3, Protection.Read);
        Assert.Equal([(at, 3), (at.At(3), 3), (at.At(6), 4)], Areas(process, at));
        Touch(process, at.At(8), isFaulted);
        process.Protect(at.At(3), 3, Protection.ReadWrite);
        Assert.Equal([(at, 10)], Areas(process, at));
        process.Expect(at.At(1), Fill(1, 0));
    });

    [Fact]
    public void forked_source_and_target_vma() => With((host, process, at) =>
    {
        // Each side was forked with pages of its own: what never had any cannot join the family of several generations.
        process.Unmap(at.At(5), 5);
        Touch(process, at, isFaulted: true);
        AddressSpace child = host.Fork(process);
        child.Map(5, at: at.At(5));
        Assert.Equal([(at, 5), (at.At(5), 5)], Areas(child, at));
        Touch(child, at.At(6), isFaulted: true);
        Assert.Equal([(at, 5), (at.At(5), 5)], Areas(child, at));

        // The parent's is of one generation.
        process.Map(5, at: at.At(5));
        Assert.Equal([(at, 10)], Areas(process, at));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void mremap_unfaulted_to_faulted(bool isBefore) => With((host, process, at) =>
    {
        // What never had a page goes anywhere, and joins its new neighbour.
        Touch(process, at.At(4), isFaulted: true);
        VirtualAddress other = process.Map(10, at: new(at.Value - (1UL << 30)));
        VirtualAddress target = isBefore ? new(at.Value - (10 * PageBytes)) : at.At(10);
        Move(process, other, 10, target);
        Assert.Equal([(isBefore ? target : at, 20)], Areas(process, isBefore ? target : at));
    });

    [Fact]
    public void mremap_faulted_to_unfaulted() => With((host, process, at) =>
    {
        // What has pages keeps their place in the family: it joins only where the numbers go on.
        VirtualAddress other = process.Map(10, at: new(at.Value - (1UL << 30)));
        Touch(process, other, isFaulted: true);
        Move(process, other, 10, at.At(10));
        Assert.Equal([(at, 10), (at.At(10), 10)], Areas(process, at));
        process.Expect(at.At(10), Fill(1, 0x77));
    });

    [Theory]
    [InlineData(0, 5)]
    [InlineData(5, 5)]
    [InlineData(3, 4)]
    public void mremap_faulted_away_and_back(int first, int count) => With((host, process, at) =>
    {
        for (int page = 0; page < 10; page++)
        {
            Touch(process, at.At(page), isFaulted: true);
        }

        VirtualAddress away = new(at.Value - (1UL << 30));
        Move(process, at.At(first), count, away);
        Assert.Equal([(away, count)], Areas(process, away));
        process.Expect(away, Fill(count, 0x77));
        Move(process, away, count, at.At(first));
        Assert.Equal([(at, 10)], Areas(process, at));
        process.Expect(at, Fill(10, 0x77));
    });

    [Fact]
    public void mremap_dontunmap_complex() => With((host, process, at) =>
    {
        Touch(process, at.At(2), isFaulted: true);
        VirtualAddress away = new(at.Value - (1UL << 30));
        Assert.Equal(Errno.None, process.TryRemap(new(at, 10 * PageBytes, 10 * PageBytes) { MayMove = true, NewAddress = away, DontUnmap = true }, out _));
        process.Expect(away.At(2), Fill(1, 0x77));
        process.Expect(at, Fill(10, 0));
        Touch(process, at.At(3), isFaulted: true);
        process.Expect(away.At(3), Fill(1, 0));
        Assert.Equal([(at, 10)], Areas(process, at));
    });

    private static void Touch(AddressSpace process, VirtualAddress at, bool isFaulted)
    {
        if (isFaulted)
        {
            process.Put(at, Fill(1, 0x77));
        }
    }

    private static void Move(AddressSpace process, VirtualAddress from, int pages, VirtualAddress to)
    {
        ulong length = (ulong)(pages * PageBytes);
        Assert.Equal(Errno.None, process.TryRemap(new(from, length, length) { MayMove = true, NewAddress = to }, out VirtualAddress moved));
        Assert.Equal(to, moved);
    }

    // The areas from an address on, up to the first hole.
    private static List<(VirtualAddress, int)> Areas(AddressSpace process, VirtualAddress at)
    {
        List<(VirtualAddress, int)> found = [];
        while (process.FindArea(at) is { } area)
        {
            found.Add((area.Range.Start, (int)(area.Range.Length / PageBytes)));
            at = area.Range.End;
        }

        return found;
    }

    private static void With(Action<SelftestHost, AddressSpace, VirtualAddress> test) => Run(host =>
    {
        AddressSpace process = host.Process();
        test(host, process, process.Map(10));
    });
}
