// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd;
using static Physr.Dma.Tests.Iommufd.IommufdRig;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>Accesses: pinning, bytes, and what they are told (the suite's fixture <c>iommufd_ioas</c>, row R76).</summary>
public sealed class AccessTests
{
    private const ulong Buffer = IommufdRig.Buffer;

    public static TheoryData<string> Variants => IommufdRig.Variants;

    [Theory]
    [MemberData(nameof(Variants))]
    public void R76_access_domain_destory(string variant)
    {
        // A huge page pinned by an access across the boundary between two mappings' worth of it, while the domain that mapped it goes.
        if (variant != "no_domain")
        {
            using IommufdRig rig = new(1, 4 << 20, variant == "mock_domain_limit" ? new() { BatchPages = 16 } : null, huge: true);
            const ulong Half = 2 << 20;
            rig.MapFixed(Buffer, 2 * Half, rig.Base);
            Assert.Equal(4, rig.Domain().HugeLeafCount);
            TestAccessUser user = rig.NewAccess();
            Ok(user.Pin(rig.Base + Half - PageBytes, 2 * PageBytes, AccessFlags.Write, out RangeList pages));
            Assert.Equal(2 * PageBytes, pages.Length);
            rig.Devices[0].Detach();
            Assert.Equal([0], rig.Process.PinsOf(Buffer, Half - PageBytes));
            Assert.Equal([1], rig.Process.PinsOf(Buffer + Half - PageBytes, 2 * PageBytes));
            Ok(user.Unpin(rig.Base + Half - PageBytes, 2 * PageBytes));
            Assert.Equal([0], rig.Process.PinsOf(Buffer, 2 * Half));
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R76_access_pin(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        TestAccessUser user = rig.NewAccess();
        int[] atRest = rig.HasDomain ? [1] : [0];
        rig.MapFixed(Buffer, 64 * PageBytes, rig.Base);
        for (ulong pages = 1; pages <= 8; pages++)
        {
            ulong length = pages * PageBytes;
            Ok(user.Pin(rig.Base + (3 * PageBytes), length, AccessFlags.Write, out RangeList first));
            Assert.Equal(length, first.Length);
            Assert.Equal(rig.Process.FrameAt(Buffer + (3 * PageBytes)).Number, first.Seek(0).Range.Start.Frame.Value);
            Ok(user.Pin(rig.Base + (3 * PageBytes), length, AccessFlags.Write, out RangeList second));
            Ok(user.Pin(rig.Base + (5 * PageBytes), 2 * PageBytes, AccessFlags.Read, out _));
            Assert.Equal(Lengths(first), Lengths(second));

            // Pinned once, whoever asks.
            Assert.Equal([1], rig.Process.PinsOf(Buffer + (3 * PageBytes), length));
            Ok(user.Unpin(rig.Base + (3 * PageBytes), length));
            Assert.Equal([1], rig.Process.PinsOf(Buffer + (3 * PageBytes), length));

            // A copy keeps the pages when the first mapping goes; its pins go with it.
            ulong copy = rig.Copy(rig.Ioas, rig.Base + (3 * PageBytes), length, rig.Ioas);
            Ok(user.Unpin(rig.Base + (5 * PageBytes), 2 * PageBytes));
            Ok(user.Pin(copy, length, AccessFlags.Write, out RangeList third));
            Assert.Equal(Lengths(first), Lengths(third));
            Ok(user.Unpin(rig.Base + (3 * PageBytes), length));
            Assert.Equal([1], rig.Process.PinsOf(Buffer + (3 * PageBytes), length));
            rig.Unmap(copy, length);
            Assert.Equal(atRest, rig.Process.PinsOf(Buffer, 64 * PageBytes));
        }

        Is(Errno.ENOENT, user.Pin(rig.Base + (63 * PageBytes), 2 * PageBytes, AccessFlags.Read, out RangeList none));
        Assert.True(none.IsEmpty);
        Is(Errno.EINVAL, user.Pin(rig.Base, 0, AccessFlags.Read, out _));
        Is(Errno.EOVERFLOW, user.Pin(rig.Base + 2, ulong.MaxValue, AccessFlags.Read, out _));
        Is(Errno.ENOENT, user.Access!.Unpin(new(rig.Base), PageBytes));
        ulong readOnly = rig.Map(Buffer + (64 * PageBytes), PageBytes, flags: IoMapFlags.Readable);
        ulong writeOnly = rig.Map(Buffer + (64 * PageBytes), PageBytes, flags: IoMapFlags.Writeable);
        Is(Errno.EPERM, user.Pin(readOnly, 1, AccessFlags.Write, out _));
        Is(Errno.EPERM, user.Pin(writeOnly, 1, AccessFlags.Read, out _));
        Assert.Equal(atRest, rig.Process.PinsOf(Buffer, 64 * PageBytes));
        TestAccessUser reader = rig.NewAccess(pins: false);
        Is(Errno.EINVAL, reader.Pin(rig.Base, PageBytes, AccessFlags.Read, out _));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R76_access_pin_unmap(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        TestAccessUser user = rig.NewAccess();
        rig.MapFixed(Buffer, 4 * PageBytes, rig.Base);
        Ok(user.Pin(rig.Base, 4 * PageBytes, AccessFlags.Write, out _));
        rig.Unmap(rig.Base, 4 * PageBytes);

        // The callback unpinned, once, for just that mapping; so nothing is left to unpin.
        Assert.Equal([(rig.Base, 4 * PageBytes)], user.Told);
        Is(Errno.ENOENT, user.Access!.Unpin(new(rig.Base), 4 * PageBytes));
        Assert.Equal([0], rig.Process.PinsOf(Buffer, 4 * PageBytes));
    }

    [Fact]
    public void R76a_EveryAccessIsToldBeforeAnythingIsUnmapped_InTheOrderTheyCame()
    {
        using IommufdRig rig = new(1);
        List<int> order = [];
        bool wasMapped = true;
        IommufdAccess[] accesses = new IommufdAccess[2];
        for (int i = 0; i < 2; i++)
        {
            int which = i;
            Ok(rig.Context.CreateAccess(
                new Listener((iova, length) =>
                {
                    if (length == ulong.MaxValue)
                    {
                        return;
                    }

                    order.Add(which);
                    wasMapped &= rig.Domain().TryReach(rig.Base, true, out _);

                    // On its way out it takes no new pin, but nothing is locked: other calls go on.
                    Is(Errno.EINVAL, accesses[which].Pin(new(rig.Base), PageBytes, AccessFlags.Read, out _));
                    rig.Unmap(rig.Map(Buffer, PageBytes), PageBytes);
                    accesses[which].Unpin(new(rig.Base), PageBytes);
                }),
                out IommufdAccess? access));
            accesses[i] = access!;
            Ok(access!.Attach(rig.Ioas));
        }

        rig.MapFixed(Buffer, PageBytes, rig.Base);
        rig.MapFixed(Buffer + PageBytes, PageBytes, rig.Base + PageBytes);
        Ok(accesses[0].Pin(new(rig.Base), PageBytes, AccessFlags.Read, out _));
        Ok(accesses[1].Pin(new(rig.Base), PageBytes, AccessFlags.Read, out _));
        rig.Unmap(rig.Base, 2 * PageBytes);
        Assert.Equal([0, 1], order);
        Assert.True(wasMapped);
    }

    [Fact]
    public void R76b_AnAccessThatDoesNotUnpinIsToldAHundredTimes_ThenTheUnmapIsGivenUp()
    {
        using IommufdRig rig = new(1);
        TestAccessUser user = rig.NewAccess();
        user.IsDeaf = true;
        rig.MapFixed(Buffer, PageBytes, rig.Base);
        Ok(user.Pin(rig.Base, PageBytes, AccessFlags.Read, out _));
        Is(Errno.EDEADLOCK, rig.TryUnmap(rig.Base, PageBytes));
        Assert.Equal(100, user.Told.Count);
        Assert.Equal([1], rig.Process.PinsOf(Buffer, PageBytes));
        rig.CheckMapped(rig.Base, Buffer, PageBytes, rig.Domain());

        // Nothing changed: it can be pinned again, and unmapped once its user listens.
        Ok(user.Pin(rig.Base, PageBytes, AccessFlags.Read, out _));
        user.IsDeaf = false;
        Assert.Equal(PageBytes, rig.Unmap(rig.Base, PageBytes));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R76_access_rw(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        TestAccessUser user = rig.NewAccess(pins: false);
        rig.MapFixed(Buffer, 4 * PageBytes, rig.Base);
        rig.MapFixed(Buffer + (8 * PageBytes), 2 * PageBytes, rig.Base + (4 * PageBytes));
        byte[] written = Bytes(1, (int)(6 * PageBytes));
        foreach (AccessFlags way in (AccessFlags[])[AccessFlags.Read, AccessFlags.SlowPath, AccessFlags.ForeignThread])
        {
            // Over the boundary between two mappings, to the last byte.
            Ok(user.Access!.Write(new(rig.Base), written, way | AccessFlags.Write));
            byte[] read = new byte[written.Length];
            Ok(user.Access.Read(new(rig.Base), read, way));
            Assert.Equal(written, read);
            byte[] seen = new byte[PageBytes];
            Ok(rig.Process.TryRead(new(Buffer + (8 * PageBytes)), seen));
            Assert.Equal(written[(4 * 4096)..(5 * 4096)], seen);
            Is(Errno.ENOENT, user.Access.Read(new(rig.Base + 1), read, way));
            Is(Errno.ENOENT, user.Access.Write(new(rig.Base + (6 * PageBytes) - 1), written.AsSpan(0, 2), way | AccessFlags.Write));
            Is(Errno.EINVAL, user.Access.Read(new(rig.Base), [], way));
            Is(Errno.EOVERFLOW, user.Access.Read(new(ulong.MaxValue), read, way));
            Array.Reverse(written);
        }

        ulong readOnly = rig.Map(Buffer, PageBytes, flags: IoMapFlags.Readable);
        Is(Errno.EPERM, user.Access!.Write(new(readOnly), [1]));
        Is(Errno.EINVAL, user.Access.Read(new(readOnly), new byte[1], AccessFlags.Write));
        Assert.Equal(rig.HasDomain ? [1] : [0], rig.Process.PinsOf(Buffer + PageBytes, 3 * PageBytes));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R76_access_rw_unaligned(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        TestAccessUser user = rig.NewAccess(pins: false);
        const ulong Skew = MockDomain.Page;

        // The page boundary is in the middle of what is mapped and where it is least expected.
        rig.MapFixed(Buffer + Skew, 4 * PageBytes, rig.Base + (16 * PageBytes));
        byte[] memory = Bytes(2, (int)(5 * PageBytes));
        Ok(rig.Process.TryWrite(new(Buffer), memory));
        foreach (AccessFlags way in (AccessFlags[])[AccessFlags.Read, AccessFlags.SlowPath])
        {
            for (int offset = (2 * 4096) - 50; offset <= (2 * 4096) + 50; offset++)
            {
                for (int length = 1; length < 64; length++)
                {
                    byte[] read = new byte[length];
                    ulong iova = rig.Base + (16 * PageBytes) + (ulong)offset - Skew;
                    Ok(user.Access!.Read(new(iova), read, way));
                    Assert.True(memory.AsSpan(offset, length).SequenceEqual(read), $"read {way} at {offset}, {length} bytes");
                    Array.Fill(read, (byte)(offset + length));
                    Ok(user.Access.Write(new(iova), read, way | AccessFlags.Write));
                    read.CopyTo(memory.AsSpan(offset));
                }
            }

            byte[] all = new byte[memory.Length];
            Ok(rig.Process.TryRead(new(Buffer), all));
            Assert.Equal(memory, all);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_fork_gone(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        TestAccessUser user = rig.NewAccess(pins: false);
        FakeProcess child = rig.Process.Fork();
        Ok(child.TryWrite(new(Buffer), "from the child!!"u8));
        DmaAddress iova = new(MockDomain.Start);
        Ok(rig.Ioas.Map(new(Buffer), PageBytes, ref iova, ReadWrite | IoMapFlags.FixedIova, child));
        FakeFrame frame = child.FrameAt(Buffer);
        child.Exit();
        byte[] read = new byte[16];
        IommufdDevice late = rig.Bind(new MockDevice("late") { IsPicky = true });
        if (rig.HasDomain)
        {
            // Pinned before: the bytes are there, for the CPU and for another domain, which copies frames from the first.
            Ok(user.Access!.Read(iova, read));
            Assert.Equal("from the child!!"u8, read);
            Ok(late.Attach(rig.Ioas));
            Assert.True(((MockDevice)late.Hardware).Domain()!.TryReach(iova.Value, true, out ulong physical));
            Assert.Equal(frame.Number << 12, physical);
            Assert.Equal((1, 0), (frame.Pins, frame.Maps));
        }
        else
        {
            Is(Errno.EFAULT, user.Access!.Read(iova, read));
            Is(Errno.EFAULT, late.Attach(rig.Ioas));
            Assert.Null(late.AttachedTo());
            Assert.Equal(0, frame.Pins);
        }

        rig.Unmap(iova.Value, PageBytes);
        Assert.Equal(0, frame.Pins);
        Assert.Equal((0UL, 0UL), (child.Pinned.Pages, child.UserLocked.Pages));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_fork_present(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        TestAccessUser user = rig.NewAccess(pins: false);
        FakeProcess child = rig.Process.Fork();
        Ok(child.TryWrite(new(Buffer), "from the child!!"u8));
        DmaAddress iova = new(MockDomain.Start);
        Ok(rig.Ioas.Map(new(Buffer), PageBytes, ref iova, ReadWrite | IoMapFlags.FixedIova, child));

        // Read from outside the child, whose addresses mean nothing here.
        byte[] read = new byte[16];
        Ok(user.Access!.Read(iova, read));
        Assert.Equal("from the child!!"u8, read);
        IommufdDevice late = rig.Attach(new MockDevice("late") { IsPicky = true }, rig.Ioas);
        rig.CheckMapped(iova.Value, Buffer, PageBytes, ((MockDevice)late.Hardware).Domain()!, child);
        Assert.Equal([1], child.PinsOf(Buffer, PageBytes));
        rig.Unmap(iova.Value, PageBytes);
        child.Exit();
    }

    [Fact]
    public void R76_AnAccessLeavesNothingPinned_WhereItDidNotUnpinItself()
    {
        using IommufdRig rig = new(0);
        IoAddressSpace other = rig.NewIoas();
        TestAccessUser user = rig.NewAccess();
        user.IsDeaf = true;
        ulong iova = rig.Map(Buffer, 4 * PageBytes);
        ulong elsewhere = rig.Map(Buffer, 4 * PageBytes, other);
        Ok(user.Pin(iova, 2 * PageBytes, AccessFlags.Read, out _));
        Is(Errno.EINVAL, user.Access!.Attach(other));
        Is(Errno.EBUSY, rig.Ioas.Destroy());
        Ok(user.Access.Replace(other));
        Assert.Equal([(0UL, ulong.MaxValue)], user.Told);
        Assert.Equal([0], rig.Process.PinsOf(Buffer, 4 * PageBytes));
        Ok(rig.Ioas.Destroy());
        Ok(user.Pin(elsewhere, PageBytes, AccessFlags.Read, out _));
        user.Access.Dispose();
        user.Access.Dispose();
        Assert.Equal([0], rig.Process.PinsOf(Buffer, 4 * PageBytes));
        Is(Errno.ENOENT, user.Access.Read(new(elsewhere), new byte[1]));
        Is(Errno.ENOENT, user.Access.Attach(other));
        Ok(other.Destroy());
    }

    [Fact]
    public void R76_AUserThatThrowsIsHeard_AndLeavesNothingHeld()
    {
        using IommufdRig rig = new(1);
        bool throws = true;
        IommufdAccess? access = null;
        Ok(rig.Context.CreateAccess(
            new Listener((iova, length) =>
            {
                if (throws)
                {
                    throw new InvalidOperationException("not now");
                }

                access!.Unpin(new(rig.Base), PageBytes);
            }),
            out access));
        Ok(access!.Attach(rig.Ioas));
        rig.MapFixed(Buffer, PageBytes, rig.Base);
        Ok(access.Pin(new(rig.Base), PageBytes, AccessFlags.Write, out _));
        Assert.Throws<InvalidOperationException>(() => rig.TryUnmap(rig.Base, PageBytes));
        Assert.Equal(2, rig.Ioas.Users);
        throws = false;
        Assert.Equal(PageBytes, rig.Unmap(rig.Base, PageBytes));

        // Leaving cannot be refused that way: what it pinned is unpinned for it.
        rig.MapFixed(Buffer, PageBytes, rig.Base);
        Ok(access.Pin(new(rig.Base), PageBytes, AccessFlags.Write, out _));
        throws = true;
        Assert.Throws<InvalidOperationException>(() => access.Detach());
        throws = false;
        Assert.Null(access.AddressSpace);
        Assert.Equal([1], rig.Process.PinsOf(Buffer, PageBytes));
        rig.Unmap(rig.Base, PageBytes);
        Assert.Equal([0], rig.Process.PinsOf(Buffer, PageBytes));
    }

    private static byte[] Bytes(int seed, int count)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static List<PhysicalRange> Lengths(RangeList list)
    {
        List<PhysicalRange> ranges = [];
        foreach (ProvidedRange entry in list)
        {
            ranges.Add(entry.Range);
        }

        return ranges;
    }

    private sealed class Listener(Action<ulong, ulong> told) : IAccessUser
    {
        public bool NeedsPinnedPages => true;

        public void Unmap(DmaAddress iova, ulong length) => told(iova.Value, length);
    }
}
