// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mirror;
using Physr.Memory;
using Physr.Mm.Interleaving;
using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>The look at page tables that devices take (rows R31 to R33).</summary>
public sealed class RangeFaultTests
{
    [Fact]
    public void R31a_FlagsSayWhatIsThere() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(8 * Page);
        process.Protect(at, Page, Protection.None);
        using CountingNotifier notifier = new(process, new(at, 8 * Page));
        MirrorFrame[] frames = Look(notifier, at.Add(Page), 2, MirrorRequest.Read);
        Assert.All(frames, each => Assert.Equal(MirrorFlags.Valid, each.Flags));
        frames = Look(notifier, at.Add(Page), 2, MirrorRequest.Write);
        Assert.All(frames, each => Assert.Equal(MirrorFlags.Valid | MirrorFlags.Write, each.Flags));
        frames = Look(notifier, at, 4, MirrorRequest.Snapshot);
        Assert.Equal([MirrorFlags.Error, MirrorFlags.Valid | MirrorFlags.Write, MirrorFlags.Valid | MirrorFlags.Write, MirrorFlags.None], frames.Select(each => each.Flags));
        Assert.Equal(process.FrameOf(at.Add(Page)), frames[1].Frame);
    });

    [Fact]
    public void R31b_SinglePagesCanAskForMore_AsFarAsTheMaskLets() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(4 * Page);
        using CountingNotifier notifier = new(process, new(at, 4 * Page));
        MirrorFrame[] frames = new MirrorFrame[4];
        frames[1] = new((ulong)MirrorFlags.Valid);
        frames[2] = new((ulong)(MirrorFlags.Valid | MirrorFlags.Write));
        Assert.Equal(Errno.None, TryLook(notifier, at, frames, new(MirrorFlags.None) { Mask = MirrorFlags.Valid | MirrorFlags.Write }));
        Assert.Equal([MirrorFlags.None, MirrorFlags.Valid, MirrorFlags.Valid | MirrorFlags.Write, MirrorFlags.None], frames.Select(each => each.Flags));
        frames = new MirrorFrame[4];
        frames[3] = new((ulong)(MirrorFlags.Valid | MirrorFlags.Write));
        Assert.Equal(Errno.None, TryLook(notifier, at, frames, new(MirrorFlags.None) { Mask = MirrorFlags.Valid }));
        Assert.Equal(MirrorFlags.Valid, frames[3].Flags);
        frames = new MirrorFrame[4];
        frames[0] = new((ulong)MirrorFlags.Valid);
        Assert.Equal(Errno.None, TryLook(notifier, at, frames, MirrorRequest.Snapshot));
        Assert.Equal(MirrorFlags.None, frames[0].Flags);
    });

    [Fact]
    public void R31c_EachErrorHasItsReason()
    {
        FailNthGate? gate = null;
        ForwardingGate forwarding = new(site => gate?.TryPass(site) != false);
        Run(
            host =>
            {
                AddressSpace process = host.Process();
                VirtualAddress at = process.Map(8 * Page);
                DeviceFile file = host.Last(new DeviceFile(host.Memory, "/dev/bar", new(new(0xf000_0000), Page)));
                Assert.Equal(Errno.None, process.TryMap(new(Page, Protection.ReadWrite) { File = file, IsShared = true }, out VirtualAddress bar));
                process.Protect(at, Page, Protection.Read);
                process.Protect(at.Add(Page), Page, Protection.None);
                process.Unmap(at.Add(2 * Page), Page);
                using CountingNotifier notifier = new(process, new(default, AddressSpace.End));
                MirrorFrame[] one = new MirrorFrame[1];
                Assert.Equal(Errno.EINVAL, TryLook(notifier, bar, one, MirrorRequest.Read));
                Assert.Equal(Errno.EPERM, TryLook(notifier, at, one, MirrorRequest.Write));
                Assert.Equal(Errno.EFAULT, TryLook(notifier, at.Add(Page), one, MirrorRequest.Read));
                Assert.Equal(Errno.EFAULT, TryLook(notifier, at.Add(2 * Page), one, MirrorRequest.Read));
                gate = new(1);
                Assert.Equal(Errno.ENOMEM, TryLook(notifier, at.Add(3 * Page), one, MirrorRequest.Write));
                gate = null;
                ulong stale = notifier.ReadBegin();
                process.Advise(at, Page, MemoryAdvice.DontNeed);
                Assert.Equal(Errno.EBUSY, RangeMirror.TryFault(notifier, stale, at, one, MirrorRequest.Read));
            },
            new() { AllocationGate = forwarding });
    }

    [Fact]
    public void R31c_RangesThatAreNoneAreRefused() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(8 * Page);
        using CountingNotifier notifier = new(process, new(at, 4 * Page));
        Assert.Equal(Errno.EINVAL, TryLook(notifier, at.Add(1), new MirrorFrame[1], MirrorRequest.Read));
        Assert.Equal(Errno.EINVAL, TryLook(notifier, at, [], MirrorRequest.Read));
        Assert.Equal(Errno.EINVAL, TryLook(notifier, at, new MirrorFrame[5], MirrorRequest.Read));
        Assert.Equal(Errno.EINVAL, TryLook(notifier, new(ulong.MaxValue - Page + 1), new MirrorFrame[8], MirrorRequest.Read));
    });

    [Fact]
    public void R32_TheBudget_ZeroIsForEver_ProgressRenewsIt_AndOtherwiseItEnds() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(8 * Page);
        process.Put(at, Numbers(8 * Page));
        using CountingNotifier notifier = new(process, new(at, 8 * Page));

        // Something changes between each reading of the sequence and each look.
        int rounds = 0;
        int most = int.MaxValue;
        Meddler meddler = new("areas: read", () =>
        {
            if (++rounds <= most)
            {
                OnAnotherThread(() => process.Advise(at.Add(7 * Page), Page, MemoryAdvice.DontNeed));
            }
        });

        // R32b.
        Assert.Equal(Errno.EBUSY, meddler.While(() => RangeMirror.TryFaultWithin(notifier, at, new MirrorFrame[4], MirrorRequest.Read, TimeSpan.FromMilliseconds(20), out _)));
        Assert.True(rounds > 1);

        // R32a.
        (rounds, most) = (0, 50);
        Assert.Equal(Errno.None, meddler.While(() => RangeMirror.TryFaultWithin(notifier, at, new MirrorFrame[4], MirrorRequest.Read, TimeSpan.Zero, out _)));
        Assert.Equal(51, rounds);

        // The kernel's fatal signal.
        using CancellationTokenSource killed = new();
        (rounds, most) = (0, int.MaxValue);
        Meddler killer = new("areas: read", () => killed.CancelAfter(0));
        Assert.Equal(Errno.None, killer.While(() => RangeMirror.TryFaultWithin(notifier, at, new MirrorFrame[4], MirrorRequest.Read, TimeSpan.Zero, out _)));
        killed.Cancel();
        Assert.Equal(Errno.EINTR, RangeMirror.TryFaultWithin(notifier, at, new MirrorFrame[4], MirrorRequest.Read, TimeSpan.Zero, out _, killed.Token));
    });

    [Fact]
    public void R32c_R32d_AHandlerThatIsSlowerThanTheBudget_StillServesEveryPage() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(8 * Page);
        SlowHandler handler = new(process);
        Assert.Equal(Errno.None, process.RegisterUserFaults(new(at, 8 * Page), handler));
        using CountingNotifier notifier = new(process, new(at, 8 * Page));
        MirrorFrame[] frames = new MirrorFrame[8];
        Assert.Equal(Errno.EFAULT, TryLook(notifier, at, frames, MirrorRequest.Read));
        Assert.Equal(Errno.None, RangeMirror.TryFaultWithin(notifier, at, frames, MirrorRequest.Read, TimeSpan.FromMilliseconds(5), out ulong sequence));
        Assert.False(notifier.ReadRetry(sequence));
        Assert.All(frames, each => Assert.True(each.Has(MirrorFlags.Valid)));
        Assert.Equal(8, handler.Served);
        Assert.Equal(Errno.None, process.RegisterUserFaults(new(at, 8 * Page), null));
    });

    [Theory]
    [InlineData(DeviceVariant.Private)]
    [InlineData(DeviceVariant.PrivateByRange)]
    public void R33a_OwnPagesAreReportedWhereTheyAre_ForeignOnesComeHome(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        MirrorDevice foreign = host.Device(variant);
        ProcessMirror mirror = host.Open(device, process);
        ProcessMirror other = host.Open(foreign, process);
        VirtualAddress at = process.Map(8 * Page);
        process.Put(at, Numbers(8 * Page));
        mirror.MigrateAll(at, Numbers(4 * Page));
        other.MigrateAll(at.Add(4 * Page), Numbers(8 * Page).AsSpan(4 * Page));
        Assert.Equal(Errno.None, mirror.FaultIn(at, 8, MirrorRequest.Write));
        Assert.Equal((0L, 4L), (device.FaultsServed, foreign.FaultsServed));
        Assert.Equal((device.Pool.Pages - 4, foreign.Pool.Pages), (device.Pool.FreePages, foreign.Pool.FreePages));
        mirror.ReadAll(at, Numbers(8 * Page));
    });

    private static MirrorFrame[] Look(IntervalNotifier notifier, VirtualAddress at, int pages, MirrorRequest request)
    {
        MirrorFrame[] frames = new MirrorFrame[pages];
        Assert.Equal(Errno.None, TryLook(notifier, at, frames, request));
        return frames;
    }

    private static Errno TryLook(IntervalNotifier notifier, VirtualAddress at, Span<MirrorFrame> frames, MirrorRequest request)
    {
        while (true)
        {
            ulong sequence = notifier.ReadBegin();
            notifier.Space.EnterRead();
            Errno errno = RangeMirror.TryFault(notifier, sequence, at, frames, request);
            notifier.Space.ExitRead();
            if (errno != Errno.EBUSY)
            {
                return errno;
            }
        }
    }

    private static void OnAnotherThread(Action action)
    {
        Thread thread = new(() => action());
        thread.Start();
        thread.Join();
    }

    private sealed class SlowHandler(AddressSpace process) : IUserFaultHandler
    {
        public int Served { get; private set; }

        public bool Serve(AddressSpace space, VirtualAddress page, bool isWrite)
        {
            Assert.Same(process, space);
            Served++;
            Thread.Sleep(10);

            // The lock is free: another thread may even change the areas meanwhile.
            OnAnotherThread(() => process.Unmap(process.Map(Page), Page));
            return space.TryFillPage(page, new byte[Page]) == Errno.None;
        }
    }

    /// <summary>Does something at each point of one name that this thread reaches.</summary>
    private sealed class Meddler(string point, Action action) : IInterleaver
    {
        public T While<T>(Func<T> run)
        {
            SchedulePoint.Current = this;
            try
            {
                return run();
            }
            finally
            {
                SchedulePoint.Current = null;
            }
        }

        public void Reach(string reached)
        {
            if (reached == point)
            {
                action();
            }
        }

        public void Block(string what) => Thread.Yield();
    }
}
