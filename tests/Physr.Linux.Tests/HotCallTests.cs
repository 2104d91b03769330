// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Faults;
using Physr.Linux.Memory;
using Physr.Linux.Processes;
using Physr.Linux.Sockets;
using Physr.Linux.Tests.Infrastructure;
using Physr.Linux.Waiting;

namespace Physr.Linux.Tests;

/// <summary>Calls that serve faults, carry messages or wait allocate nothing.</summary>
public sealed unsafe class HotCallTests
{
    private const int Page = FaultRig.Page;

    [SkippableFact]
    public void ServingFaultsAllocatesNothing()
    {
        using FaultRig rig = FaultRig.Anonymous(FaultFeatures.PagefaultFlagWriteProtect | FaultFeatures.Move | FaultFeatures.Poison, FaultModes.Missing | FaultModes.WriteProtect);
        Assert.Equal(Errno.None, Mapping.TryMapAnonymous(Page, false, out Mapping? made, out _));
        using Mapping source = made!;
        FaultEvent[] events = new FaultEvent[4];
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            Must(Errno.None, rig.Uffd.Copy(rig.At(0), source.Address, Page, true, true, out _));
            Must(Errno.None, rig.Uffd.WriteProtect(rig.At(0), Page, false, true));
            Must(Errno.None, rig.Uffd.ZeroPage(rig.At(1), Page, true, out _));
            Must(Errno.None, rig.Uffd.Poison(rig.At(2), Page, true, out _));
            *(byte*)source.Address = 1;
            Must(Errno.None, rig.Uffd.Move(rig.At(3), source.Address, Page, true, out _));
            Must(Errno.None, rig.Uffd.Wake(rig.At(0), Page));
            Must(Errno.EAGAIN, (Errno)(-rig.Uffd.Read(events)));
            Must(Errno.None, rig.Memory.Advise(rig.At(0), 4 * Page, MemoryAdvice.DontNeed));
            Must(Errno.None, rig.Memory.Protect(rig.At(0), Page, true, true));
        }));
    }

    [SkippableFact]
    public void ContinuingPagesOfAFileAllocatesNothing()
    {
        using FaultRig rig = FaultRig.Shared(FaultFeatures.MinorShmem, FaultModes.Minor);
        byte[] bytes = new byte[Page];
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            fixed (byte* first = bytes)
            {
                Must(Errno.None, rig.File!.Write((nint)first, Page, 0));
                Must(Errno.None, rig.Uffd.Continue(rig.At(0), Page, false, true, out _));
                Must(Errno.None, rig.File.Read((nint)first, Page, 0));
                Must(Errno.None, rig.File.TryNextData(0, out _, out _) ? Errno.None : Errno.ENXIO);
                Must(Errno.None, rig.File.Punch(0, Page));
            }
        }));
    }

    [Fact]
    public void MessagesAndWaitingAllocateNothing()
    {
        Assert.Equal(Errno.None, DescriptorSocket.TryPair(out DescriptorSocket? left, out DescriptorSocket? right));
        using DescriptorSocket sending = left!;
        using DescriptorSocket receiving = right!;
        Assert.Equal(Errno.None, EventCounter.TryCreate(out EventCounter? made));
        using EventCounter counter = made!;
        Assert.Equal(Errno.None, EventPoll.TryCreate(out EventPoll? list));
        using EventPoll poll = list!;
        Assert.Equal(Errno.None, poll.Add(counter.Handle, 1));
        Assert.Equal(Errno.None, Pidfd.TryOpen(Environment.ProcessId, out Pidfd? self));
        using Pidfd pidfd = self!;
        byte[] buffer = new byte[16];
        PollEvent[] events = new PollEvent[2];
        uint word = 0;
        uint* place = &word;
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            Must(Errno.None, sending.TrySend("message"u8, [], true));
            Must(Errno.None, receiving.TryReceive(buffer, default, false, out _, out _));
            counter.Signal();
            Must(Errno.None, poll.Wait(events, -1) == 1 ? Errno.None : Errno.EIO);
            Must(Errno.None, Readiness.Wait(counter.Handle, 10));
            Must(Errno.None, counter.Drain() ? Errno.None : Errno.EIO);
            Must(Errno.EAGAIN, Futex.Wait(place, 1, 10));
            Must(Errno.None, (Errno)Futex.Wake(place, 1));
            Must(Errno.ETIMEDOUT, pidfd.Wait(0));
        }));
    }

    [SkippableFact]
    public void ScanningAllocatesNothing()
    {
        Skip.IfNot(PageScan.IsSupported, "PAGEMAP_SCAN is not there before Linux 6.7");
        Assert.Equal(Errno.None, Mapping.TryMapAnonymous(Page, false, out Mapping? made, out _));
        using Mapping memory = made!;
        Assert.Equal(Errno.None, PageScan.TryOpen(0, out SafeFileHandle? opened));
        using SafeFileHandle pagemap = opened!;
        PageRegion[] regions = new PageRegion[2];
        Assert.Equal(0, AllocationProbe.Least(() =>
            Must(Errno.None, PageScan.Scan(pagemap, memory.Address, memory.Address + Page, PageCategories.None, PageCategories.None, PageCategories.Present, false, regions, out _, out _))));
    }

    private static void Must(Errno expected, Errno errno)
    {
        if (errno != expected)
        {
            throw new InvalidOperationException($"{errno} in place of {expected}");
        }
    }
}
