// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class MemoryFailureTests
{
    private static readonly PageFrameNumber First = new PhysicalAddress(GiB).Frame;

    [Theory]
    [InlineData(Errno.None)]
    [InlineData(Errno.EIO)]
    public void R89a_TheCallbackDecides(Errno answer)
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.FsDax, Range(GiB, 2 * MiB));
        List<(PageFrameNumber, ulong, MemoryFailureFlags)> told = [];
        pagemap.MemoryFailure = (_, frame, pages, flags) =>
        {
            told.Add((frame, pages, flags));
            return answer;
        };
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.Equal(answer, map.ReportMemoryFailure(First.Add(3), 2, MemoryFailureFlags.ActionRequired));
        Assert.Equal([(First.Add(3), 2UL, MemoryFailureFlags.ActionRequired)], told);
        pagemap.TryGetPage(First.Add(3), out DevicePage page);
        Assert.Equal(PageFlags.None, page.Flags & PageFlags.Poisoned);
        map.Unregister(pagemap);
    }

    [Theory]
    [InlineData(MemoryType.FsDax, true)]
    [InlineData(MemoryType.Generic, true)]
    [InlineData(MemoryType.Generic, false)]
    public void R89b_NotSupportedFallsBackToPoisoning_EachPageOnce(MemoryType type, bool hasCallback)
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(type, Range(GiB, 2 * MiB));
        pagemap.MemoryFailure = hasCallback ? (_, _, _, _) => Errno.EOPNOTSUPP : null;
        List<(PageFrameNumber Frame, MemoryFailureFlags Flags)> poisoned = [];
        map.PagePoisoned += (page, flags) => poisoned.Add((page.Frame, flags));
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.Equal(Errno.None, map.ReportMemoryFailure(First, 2));
        Assert.Equal(Errno.None, map.ReportMemoryFailure(First, 2));
        Assert.Equal([(First, MemoryFailureFlags.MustKill), (First.Add(1), MemoryFailureFlags.MustKill)], poisoned);
        pagemap.TryGetPage(First.Add(1), out DevicePage page);
        Assert.Equal(PageFlags.Poisoned, page.Flags & PageFlags.Poisoned);
        map.Unregister(pagemap);
    }

    [Theory]
    [InlineData(MemoryType.DevicePrivate)]
    [InlineData(MemoryType.DeviceCoherent)]
    public void R89b_PrivateAndCoherentMemoryCannotBeHandledGenerically(MemoryType type)
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(type, Range(GiB, 2 * MiB));
        Assert.Equal(Errno.ENXIO, map.ReportMemoryFailure(First));
        Assert.Equal(0, pagemap.UserCount);
        map.Unregister(pagemap);
    }

    [Fact]
    public async Task R89_ALossThatIsReportedWhileAPageBecomesPartOfALargeOne_IsNotForgotten()
    {
        for (int round = 0; round < 200; round++)
        {
            MemoryMap map = new();
            Pagemap pagemap = Filled(MemoryType.FsDax, Range(GiB, 2 * MiB));
            Assert.Equal(Errno.None, map.Register(pagemap));
            PageFrameNumber first = new PhysicalAddress(GiB).Frame;
            Assert.True(pagemap.TryGetPage(first, out DevicePage head));
            Assert.True(pagemap.TryGetPage(first.Add((ulong)(1 + (round * 7 % 511))), out DevicePage part));
            using Barrier start = new(2);
            Task large = Task.Run(() =>
            {
                start.SignalAndWait();
                for (int i = 0; i < 5 && head.TryGetLarge(9); i++)
                {
                    head.Put();
                }
            });
            start.SignalAndWait();
            Assert.Equal(Errno.None, map.ReportMemoryFailure(part.Frame));
            await large;
            Assert.Equal(PageFlags.Poisoned, part.Flags);
            Assert.False(head.TryGetLarge(9));
            Assert.Equal(0, head.ReferenceCount);
        }
    }

    [Fact]
    public void R89c_AFrameThatHoldsDescriptorsIsEnxio()
    {
        List<string> warnings = [];
        MemoryMap map = new(new() { Warn = warnings.Add });
        Pagemap pagemap = Filled(MemoryType.FsDax, Range(GiB, 2 * MiB));
        pagemap.Altmap = new() { Base = First, Reserve = 0, Free = 8 };
        bool asked = false;
        pagemap.MemoryFailure = (_, _, _, _) =>
        {
            asked = true;
            return Errno.None;
        };
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.Equal(Errno.ENXIO, map.ReportMemoryFailure(First.Add(7)));
        Assert.Contains("not recoverable", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.False(asked);
        Assert.Equal(Errno.None, map.ReportMemoryFailure(First.Add(8)));
        Assert.True(asked);
        map.Unregister(pagemap);
        Assert.Equal(Errno.ENXIO, map.ReportMemoryFailure(First.Add(8)));
    }
}
