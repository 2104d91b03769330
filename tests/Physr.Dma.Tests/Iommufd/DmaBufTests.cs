// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd;
using Physr.Dma.Sharing;
using Physr.Dma.Tests.Sharing;
using static Physr.Dma.Tests.Iommufd.IommufdRig;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>A peer's memory in an I/O address space (the suite's <c>dmabuf_simple</c> and <c>dmabuf_revoke</c>, row R74), and BARs as VFIO's users map them.</summary>
public sealed class DmaBufTests
{
    private const ulong Length = 8 * PageBytes;

    public static TheoryData<string> Variants => IommufdRig.Variants;

    [Theory]
    [MemberData(nameof(Variants))]
    public void R74_dmabuf_simple(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        SliceHost host = new();
        DmaBuf buffer = host.Export(new BarSlice(0x4000, Length));
        DmaAddress iova = default;
        Is(Errno.EINVAL, rig.Ioas.MapDmaBuf(buffer, 0, 0, ref iova, ReadWrite));
        Is(Errno.EINVAL, rig.Ioas.MapDmaBuf(buffer, Length, Length, ref iova, ReadWrite));
        Is(Errno.EINVAL, rig.Ioas.MapDmaBuf(buffer, 0, Length + 1, ref iova, ReadWrite));
        Is(Errno.EINVAL, rig.Ioas.MapDmaBuf(buffer, 0, Length, ref iova, IoMapFlags.None));
        Is(Errno.EOVERFLOW, rig.Ioas.MapDmaBuf(buffer, ulong.MaxValue - 4095, Length, ref iova, ReadWrite));
        Ok(rig.Ioas.MapDmaBuf(buffer, 0, Length, ref iova, ReadWrite));
        DmaAddress part = default;
        Ok(rig.Ioas.MapDmaBuf(buffer, 3 * PageBytes, PageBytes, ref part, IoMapFlags.Readable));
        if (rig.HasDomain)
        {
            Assert.True(rig.Domain().TryReach(iova.Value + 5, isWrite: true, out ulong physical));
            Assert.Equal(SliceHost.BarStart + 0x4005, physical);
            Assert.True(rig.Domain().TryReach(part.Value, isWrite: false, out physical));
            Assert.Equal(SliceHost.BarStart + 0x7000, physical);
        }

        // Not pinned, not charged, not for the CPU.
        Assert.Equal(0UL, rig.Process.Pinned.Pages);
        TestAccessUser user = rig.NewAccess();
        Is(Errno.EINVAL, user.Pin(iova.Value, PageBytes, AccessFlags.Read, out _));
        Is(Errno.EINVAL, user.Access!.Read(iova, new byte[8]));
        Is(Errno.EINVAL, rig.Context.ChangeProcess(rig.Process));
        rig.Copy(rig.Ioas, iova.Value + PageBytes, PageBytes, rig.Ioas);
        Assert.Equal(Length + (2 * PageBytes), rig.Unmap(0, ulong.MaxValue));
        host.AssertNothingLeft(buffer);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R74_dmabuf_revoke(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        SliceHost host = new();
        DmaBuf buffer = host.Export(new BarSlice(0, Length));
        DmaAddress iova = new(MockDomain.Start);
        Ok(rig.Ioas.MapDmaBuf(buffer, 0, Length, ref iova, ReadWrite | IoMapFlags.FixedIova));
        ulong copy = rig.Copy(rig.Ioas, iova.Value, PageBytes, rig.NewIoas());
        Ok(buffer.Revoke());
        foreach (IommufdDevice device in rig.Devices)
        {
            Assert.False(((MockDevice)device.Hardware).Domain()!.TryReach(iova.Value, false, out _));
        }

        Assert.Equal(0, buffer.ActiveMappings);
        DmaAddress other = default;
        Is(Errno.ENODEV, rig.Ioas.MapDmaBuf(buffer, 0, Length, ref other, ReadWrite));
        Ok(buffer.Unrevoke());

        // What was mapped stays dead; what is mapped anew works, beside it and in its place.
        IommufdDevice late = rig.Attach(new MockDevice("late") { IsPicky = true }, rig.Ioas);
        MockDomain domain = ((MockDevice)late.Hardware).Domain()!;
        Assert.False(domain.TryReach(iova.Value, false, out _));
        Is(Errno.EEXIST, rig.Ioas.MapDmaBuf(buffer, 0, Length, ref iova, ReadWrite | IoMapFlags.FixedIova));
        DmaAddress anew = new(MockDomain.Start + (1 << 20));
        Ok(rig.Ioas.MapDmaBuf(buffer, 0, Length, ref anew, ReadWrite | IoMapFlags.FixedIova));
        Assert.True(domain.TryReach(anew.Value, true, out _));
        Assert.Equal(Length, rig.Unmap(iova.Value, Length));
        Ok(rig.Ioas.MapDmaBuf(buffer, 0, Length, ref iova, ReadWrite | IoMapFlags.FixedIova));
        Assert.True(domain.TryReach(iova.Value, true, out ulong physical));
        Assert.Equal(SliceHost.BarStart, physical);
        Assert.NotEqual(0UL, copy);
        rig.Context.Dispose();
        host.AssertNothingLeft(buffer);
    }

    [Fact]
    public void R74a_OnlyASingleRangeIsTaken()
    {
        using IommufdRig rig = new(1);
        SliceHost host = new();
        DmaBuf buffer = host.Export(new BarSlice(0, 0x1000), new BarSlice(0x4000, 0x1000));
        DmaAddress iova = default;
        Is(Errno.EOPNOTSUPP, rig.Ioas.MapDmaBuf(buffer, 0, 0x1000, ref iova, ReadWrite));
        host.AssertNothingLeft(buffer);
    }

    [Fact]
    public void R91_EachStepOfMappingAPeersMemoryMayFail()
    {
        FailNth.Repeat(least: 12, static gate =>
        {
            SliceHost host = new(new() { Buffers = new() { AllocationGate = gate } });
            Errno errno = Errno.ENOMEM;
            DmaBuf? buffer = null;
            using (IommufdRig rig = new(0, 0, null, new(new()), gate))
            {
                if (rig.Context.CreateAddressSpace(out IoAddressSpace? ioas) == Errno.None
                    && rig.Context.Bind(new MockDevice("a", gate), out IommufdDevice? device) == Errno.None
                    && device!.Attach(ioas!) == Errno.None
                    && host.Export(out buffer, new BarSlice(0, Length)) == Errno.None)
                {
                    DmaAddress iova = default;
                    errno = ioas!.MapDmaBuf(buffer!, 0, Length, ref iova, ReadWrite);
                    if (errno != Errno.None)
                    {
                        Is(Errno.ENOMEM, errno);
                        Assert.Equal(0, ioas.AreaCount);
                        Assert.Equal(0, buffer!.AttachmentCount);
                    }
                }
            }

            host.AssertNothingLeft(buffer);
            return errno == Errno.None;
        });
    }

    [Fact]
    public async Task R74c_RevokesRaceWithMapsAndUnmaps_AndWhatIsRevokedIsNeverReached()
    {
        using IommufdRig rig = new(1, 0);
        SliceHost host = new();
        DmaBuf buffer = host.Export(new BarSlice(0, Length));
        bool done = false;
        Task user = Task.Run(() =>
        {
            while (!Volatile.Read(ref done))
            {
                DmaAddress iova = default;
                Errno errno = rig.Ioas.MapDmaBuf(buffer, 0, Length, ref iova, ReadWrite);
                Assert.True(errno is Errno.None or Errno.ENODEV);
                if (errno == Errno.None)
                {
                    rig.Unmap(iova.Value, Length);
                }
            }
        });
        for (int i = 0; i < 500; i++)
        {
            Ok(buffer.Revoke());
            Assert.Equal(0, rig.Domain().LeafCount + rig.Domain().StaleCount);
            Ok(buffer.Unrevoke());
        }

        Volatile.Write(ref done, true);
        await user;
        host.AssertNothingLeft(buffer);
    }

    [Fact]
    public void R71_map_full_bar() => MapBar(0, 1 << 21, isAligned: true);

    [Fact]
    public void R71_map_partial_bar() => MapBar(0x8000, 0x10000, isAligned: true);

    [Fact]
    public void R71_map_bar_misaligned() => MapBar(0x800, 0x1000, isAligned: false);

    /// <summary>A user's mapping of a BAR has no pages to pin: by its address it cannot be mapped, and never will. The BAR's buffer can, on the IOMMU's pages.</summary>
    private static void MapBar(ulong offset, ulong length, bool isAligned)
    {
        using IommufdRig rig = new(1, 0);
        SliceHost host = new();
        DmaBuf buffer = host.Export(new BarSlice(0, 1 << 21));
        rig.Process.MapDevice(0x7e00_0000_0000, 1 << 21);
        Is(Errno.EFAULT, rig.TryMap(0x7e00_0000_0000 + offset, length));
        DmaAddress iova = new(MockDomain.Start + (isAligned ? 0UL : 0x400));
        Is(isAligned ? Errno.None : Errno.EINVAL, rig.Ioas.MapDmaBuf(buffer, offset, length, ref iova, ReadWrite | IoMapFlags.FixedIova));
        if (isAligned)
        {
            for (ulong at = 0; at < length; at += PageBytes)
            {
                Assert.True(rig.Domain().TryReach(iova.Value + at, true, out ulong physical));
                Assert.Equal(SliceHost.BarStart + offset + at, physical);
            }
        }

        rig.Unmap(0, ulong.MaxValue);
        host.AssertNothingLeft(buffer);
    }
}
