// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Mm.Tests.Selftests.SelftestHost;

namespace Physr.Mm.Tests.Selftests;

/// <summary>Pages that come back from a swap area, shared by a fork or not.</summary>
public sealed class SwapTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ASlotThatTwoProcessesNamed_ComesBackAsTwoPagesOnceOneWrites(bool childFirst) => Run(host =>
    {
        Assert.Equal(Errno.None, host.Memory.AddSwap(new MemorySwapStore(64), out _));
        AddressSpace parent = host.Process();
        VirtualAddress at = parent.Map(4);
        parent.Put(at, Numbers(4));
        parent.Advise(at, 4, MemoryAdvice.PageOut);
        Assert.Equal((4L, 0L), (parent.SwapEntries, parent.AnonymousPages));
        AddressSpace child = host.Fork(parent);
        Assert.Equal((4L, 4L), (child.SwapEntries, host.Memory.UsedSwapSlots));
        (AddressSpace first, AddressSpace second) = childFirst ? (child, parent) : (parent, child);

        // The first only looks; the second, which frees the slot, writes: its page must not be the first one's.
        first.Expect(at, Numbers(4));
        second.Put(at, Fill(4, 0xff));
        first.Expect(at, Numbers(4));
        first.Put(at, Fill(4, 0xee));
        second.Expect(at, Fill(4, 0xff));
        Assert.Equal(0, host.Memory.UsedSwapSlots);
    });

    [Fact]
    public void ASlotThatNobodyElseNames_ComesBackWritable() => Run(host =>
    {
        Assert.Equal(Errno.None, host.Memory.AddSwap(new MemorySwapStore(64), out _));
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(4);
        process.Put(at, Numbers(4));
        process.Advise(at, 4, MemoryAdvice.PageOut);
        long free = host.Memory.FreePages;
        process.Put(at, Fill(4, 9));
        Assert.Equal((free - 4, 0L), (host.Memory.FreePages, host.Memory.UsedSwapSlots));
        process.Expect(at, Fill(4, 9));
    });
}
