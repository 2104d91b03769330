// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>Pins and copy-on-write of memory that is with a device (section 4.1).</summary>
public sealed class PinTests
{
    // A long pin brings private and coherent memory home, a short one only private memory.
    [Theory]
    [ClassData(typeof(Variants))]
    public void R28a_R29a_hmm_gup_test(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror mirror = host.Open(host.Device(variant), process);
        VirtualAddress at = process.Map(4 * Page);
        byte[] numbers = Numbers(4 * Page);
        process.Put(at, numbers);
        mirror.MigrateAll(at, numbers);
        PinFlags[] kinds = [PinFlags.ReferenceOnly, PinFlags.Write | PinFlags.ReferenceOnly, PinFlags.None, PinFlags.LongTerm | PinFlags.Write];
        for (int i = 0; i < kinds.Length; i++)
        {
            Assert.Equal(Errno.None, process.TryPin(at.Add((ulong)(i * Page)), Page, kinds[i], out PinnedMemory? pinned));
            PageFrameNumber frame = pinned!.Frames.FirstFrame();
            HmmHostExtensions.AssertSame(numbers.AsSpan(i * Page, Page), host.Memory.BytesAt(frame));
            pinned.Dispose();
        }

        MirrorReport stays = variant == DeviceVariant.Coherent ? MirrorReport.CoherentLocal | MirrorReport.Write : MirrorReport.Write;
        Assert.Equal([stays, stays, stays, MirrorReport.Write], mirror.Snapshot(at, 4));
        process.Expect(at, numbers);
    });

    [Theory]
    [ClassData(typeof(Variants))]
    public void R24a_hmm_cow_in_device(DeviceVariant variant) => Run(host =>
    {
        AddressSpace parent = host.Process("parent");
        ProcessMirror mirror = host.Open(host.Device(variant), parent);
        VirtualAddress at = parent.Map(4 * Page);
        parent.Put(at, Numbers(4 * Page));
        mirror.MigrateAll(at, Numbers(4 * Page));
        AddressSpace child = host.Fork(parent);
        for (ulong page = 0; page < 4; page++)
        {
            Assert.Equal(AccessOutcome.Done, parent.Store(at.Add(page * Page), -1));
        }

        Assert.All(mirror.Snapshot(at, 4), each => Assert.Equal(MirrorReport.Write, each));
        child.Expect(at, Numbers(4 * Page));
    });
}
