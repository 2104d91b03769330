// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>Each step that can fail is made to, one after the other (row R91): nothing leaks, and the process keeps its bytes.</summary>
public sealed class MirrorFailNthTests
{
    private const int Few = 8;

    // Steps fail until it calls the last argument.
    private delegate bool Operation(HmmHost host, AddressSpace process, MirrorDevice device, VirtualAddress at, Action end);

    [Theory]
    [InlineData(DeviceVariant.Private)]
    [InlineData(DeviceVariant.Coherent)]
    public void R91_MigrationOfSmallPagesAndHoles(DeviceVariant variant) => Repeat(variant, least: Few, isHuge: false, isMigrated: false, (host, process, device, at, end) =>
    {
        process.Advise(at, 2 * Page, MemoryAdvice.DontNeed);
        byte[] expected = Numbers(Few * Page);
        expected.AsSpan(0, 2 * Page).Clear();
        MirrorResult result = device.Mirror(host, process).MigrateToDevice(at, new byte[Few * Page]);
        end();
        Assert.Contains(result.Errno, (IEnumerable<Errno>)[Errno.None, Errno.ENOENT]);
        process.Expect(at, expected);
        process.Put(at, Numbers(Few * Page));
        return result.Errno == Errno.None;
    });

    [Theory]
    [InlineData(DeviceVariant.Private, true)]
    [InlineData(DeviceVariant.Coherent, true)]
    [InlineData(DeviceVariant.Private, false)]
    public void R91_MigrationOfLargePages(DeviceVariant variant, bool isTouched) => Repeat(variant, least: 1, isHuge: true, isMigrated: false, (host, process, device, at, end) =>
    {
        if (!isTouched)
        {
            process.Advise(at, Huge, MemoryAdvice.DontNeed);
        }

        MirrorResult result = device.Mirror(host, process).MigrateToDevice(at, new byte[Huge]);
        end();
        process.Expect(at, isTouched ? Numbers(Huge) : new byte[Huge]);
        process.Put(at, Numbers(Huge));
        return result.Errno == Errno.None;
    });

    [Theory]
    [InlineData(DeviceVariant.Private, false)]
    [InlineData(DeviceVariant.Private, true)]
    [InlineData(DeviceVariant.PrivateByRange, false)]
    public void R91_FaultsOnDeviceMemory(DeviceVariant variant, bool isHuge) => Repeat(variant, least: isHuge ? 1 : Few, isHuge, isMigrated: true, (_, process, _, at, end) =>
    {
        AccessResult result = process.Read(at, new byte[Few * Page]);
        Assert.Contains(result.Outcome, (IEnumerable<AccessOutcome>)[AccessOutcome.Done, AccessOutcome.OutOfMemory]);
        return result.IsDone;
    });

    [Theory]
    [InlineData(DeviceVariant.Private, false, false)]
    [InlineData(DeviceVariant.Private, true, false)]
    [InlineData(DeviceVariant.Private, true, true)]
    [InlineData(DeviceVariant.Coherent, true, true)]
    public void R91_Fork(DeviceVariant variant, bool isHuge, bool isPinned) => Repeat(variant, least: 4, isHuge, isMigrated: true, (host, process, _, at, end) =>
    {
        PinnedMemory? pinned = null;
        if (isPinned && process.TryPin(at.Add(3 * Page), 2 * Page, PinFlags.Write, out pinned) != Errno.None)
        {
            return false;
        }

        Errno errno = process.TryFork("child", out AddressSpace? child);
        Assert.True(errno == (child is null ? Errno.ENOMEM : Errno.None));
        if (child is not null)
        {
            host.Adopt(child);
            return FinishFork(process, child, at, pinned);
        }

        pinned?.Dispose();
        return false;
    });

    [Theory]
    [InlineData(DeviceVariant.Private, false)]
    [InlineData(DeviceVariant.Private, true)]
    [InlineData(DeviceVariant.Coherent, true)]
    public void R91_Remap(DeviceVariant variant, bool isHuge) => Repeat(variant, least: 3, isHuge, isMigrated: true, (_, process, _, at, end) =>
    {
        // To a place where no page tables are yet, off the 2 MiB boundary.
        VirtualAddress target = new(0x1000_0000_0000 + (3 * Page));
        ulong length = Few * Page;
        Errno errno = process.TryRemap(new(at, length, length) { MayMove = true, NewAddress = target }, out VirtualAddress moved);
        Assert.Contains(errno, (IEnumerable<Errno>)[Errno.None, Errno.ENOMEM]);
        if (errno == Errno.None)
        {
            Assert.Equal(target, moved);
            AccessResult read = process.Read(target, new byte[Few * Page]);
            if (!read.IsDone || process.TryRemap(new(target, length, length) { MayMove = true, NewAddress = at }, out _) != Errno.None)
            {
                throw new RetriedException(target);
            }
        }

        return errno == Errno.None;
    });

    [Theory]
    [InlineData(DeviceVariant.Private)]
    [InlineData(DeviceVariant.Coherent)]
    public void R91_ProtectionOfAPartOfALargePage(DeviceVariant variant) => Repeat(variant, least: 2, isHuge: true, isMigrated: true, (_, process, _, at, end) =>
    {
        Errno errno = process.TryProtect(at.Add(Page), Page, Protection.Read);
        Assert.Contains(errno, (IEnumerable<Errno>)[Errno.None, Errno.ENOMEM]);
        return errno == Errno.None;
    });

    [Theory]
    [InlineData(DeviceVariant.Private, false)]
    [InlineData(DeviceVariant.Coherent, false)]
    [InlineData(DeviceVariant.Coherent, true)]
    public void R91_LongPins(DeviceVariant variant, bool isHuge) => Repeat(variant, least: 1, isHuge, isMigrated: true, (_, process, _, at, end) =>
    {
        Errno errno = process.TryPin(at, Few * Page, PinFlags.LongTerm | PinFlags.Write, out PinnedMemory? pinned);
        Assert.Contains(errno, (IEnumerable<Errno>)[Errno.None, Errno.ENOMEM]);
        pinned?.Dispose();
        return errno == Errno.None;
    });

    [Fact]
    public void R91_TakingAPartOfALargePageAway() => Repeat(DeviceVariant.Private, least: 0, isHuge: true, isMigrated: true, (host, process, device, at, end) =>
    {
        device.UsesHugePages = false;

        // The kernel puts a page table aside with each huge page: this cannot fail.
        process.Advise(at.Add((Huge - (4 * Page)) & ~(ulong)(Page - 1)), 4 * Page, MemoryAdvice.DontNeed);
        Errno errno = device.Mirror(host, process).Exclusive(at, new byte[Page]).Errno;
        Assert.Contains(errno, (IEnumerable<Errno>)[Errno.None, Errno.ENOMEM, Errno.EFAULT]);
        return errno == Errno.None;
    });

    private static bool FinishFork(AddressSpace process, AddressSpace child, VirtualAddress at, PinnedMemory? pinned)
    {
        bool isDone = child.Read(at, new byte[Few * Page]).IsDone && process.Store(at.Add(3 * Page), -5) == AccessOutcome.Done;
        if (pinned is not null && isDone)
        {
            Assert.Equal(pinned.Frames.FirstFrame(), process.FrameOf(at.Add(3 * Page)));
        }

        pinned?.Dispose();
        isDone = isDone && process.Store(at.Add(3 * Page), 3 * Page / 4) == AccessOutcome.Done;
        return isDone ? isDone : throw new RetriedException(at);
    }

    private static void Repeat(DeviceVariant variant, int least, bool isHuge, bool isMigrated, Operation operation) => FailNth.Repeat(
        least,
        gate =>
        {
            bool isOn = false;
            bool passed = false;
            ForwardingGate switched = new(site => !isOn || gate.TryPass(site));
            int length = isHuge ? Huge : Few * Page;
            Run(
                host =>
                {
                    AddressSpace process = host.Process();
                    MirrorDevice device = host.Device(variant, 8 << 20);
                    device.Gate = switched;
                    VirtualAddress at = isHuge ? process.MapHuge(Huge) : process.Map((ulong)length);
                    process.Put(at, Numbers(length));
                    if (isMigrated)
                    {
                        device.Mirror(host, process).MigrateAll(at, Numbers(length));
                    }

                    isOn = true;
                    VirtualAddress now = at;
                    try
                    {
                        passed = operation(host, process, device, at, () => isOn = false);
                    }
                    catch (RetriedException exception)
                    {
                        now = exception.At;
                    }

                    isOn = false;
                    byte[] seen = process.Get(now, Few * Page);
                    byte[] expected = Numbers(Few * Page);
                    seen.AsSpan(3 * Page, 4).CopyTo(expected.AsSpan(3 * Page));
                    HmmHostExtensions.AssertSame(expected, seen);
                },
                new() { AllocationGate = switched },
                ramBytes: 16 << 20);
            return passed;
        },
        static site => site.StartsWith("huge", StringComparison.Ordinal) || site == "split huge page");

    /// <summary>The operation went well, and something after it did not.</summary>
    private sealed class RetriedException(VirtualAddress at) : Exception
    {
        public VirtualAddress At { get; } = at;
    }
}
