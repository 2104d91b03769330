// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>Mirrors and the notifier that keeps them true (row R30).</summary>
public sealed class NotifierTests
{
    [Theory]
    [ClassData(typeof(Variants))]
    public void R30a_TheLoopOverTheSequenceConverges_AndTheDeviceNeverSeesWhatIsNoMore(DeviceVariant variant) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = process.Map(64 * Page);
        process.Put(at, Numbers(64 * Page));
        using CancellationTokenSource stop = new();
        Thread changer = new(() =>
        {
            for (int round = 0; !stop.IsCancellationRequested; round++)
            {
                // The bytes stay the same, but pages move, lose rights and are copied.
                switch (round % 4)
                {
                    case 0:
                        process.Protect(at, 64 * Page, Protection.Read);
                        break;
                    case 1:
                        process.Protect(at, 64 * Page, Protection.ReadWrite);
                        break;
                    case 2:
                        mirror.MigrateToDevice(at, new byte[64 * Page]);
                        break;
                    default:
                        mirror.MigrateToSystem(at, 64 * Page);
                        break;
                }
            }
        });
        changer.Start();
        for (int round = 0; round < 100; round++)
        {
            mirror.ReadAll(at, Numbers(64 * Page));
        }

        stop.Cancel();
        changer.Join();
        mirror.ReadAll(at, Numbers(64 * Page));
    });

    [Fact]
    public void R30b_ADeviceTellsItsOwnMigrationByTheOwner_AndAnotherOneIsTold() => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror own = host.Open(host.Device(DeviceVariant.Private), process);
        ProcessMirror other = host.Open(host.Device(DeviceVariant.Private), process);
        VirtualAddress at = process.Map(8 * Page);
        process.Put(at, Numbers(8 * Page));
        own.ReadAll(at, Numbers(8 * Page));
        other.ReadAll(at, Numbers(8 * Page));
        own.MigrateAll(at, Numbers(8 * Page));
        Assert.Equal((1, 8), (own.Skipped, own.EntryCount));
        Assert.Equal((0, 0), (other.Skipped, other.EntryCount));
        Assert.Equal((1, 1), (own.Events[(int)NotifierEvent.Migrate], other.Events[(int)NotifierEvent.Migrate]));
    });

    [Fact]
    public void R30c_EveryKindOfChangeIsToldAsWhatItIs() => Run(
        host =>
        {
            AddressSpace process = host.Process();
            ProcessMirror mirror = host.Open(host.Device(DeviceVariant.Private), process);
            VirtualAddress at = process.Map(8 * Page);
            process.Put(at, Numbers(8 * Page));
            Assert.Equal(NotifierEvent.Migrate, Told(mirror, () => mirror.MigrateAll(at, Numbers(Page))));
            Assert.Equal(NotifierEvent.Exclusive, Told(mirror, () => mirror.Exclusive(at.Add(Page), new byte[Page])));
            Assert.Equal(NotifierEvent.Clear, Told(mirror, () => process.Advise(at.Add(7 * Page), Page, MemoryAdvice.DontNeed)));
            Assert.Equal(NotifierEvent.ProtectionOfArea, Told(mirror, () => process.Protect(at.Add(6 * Page), Page, Protection.Read)));
            Assert.Equal(NotifierEvent.SoftDirty, Told(mirror, () => process.ClearReferences(softDirty: true)));
            Assert.Equal(NotifierEvent.Unmap, Told(mirror, () => process.Unmap(at.Add(5 * Page), Page)));
            process.Expect(at.Add(Page), Numbers(8 * Page).AsSpan(Page, Page));
            Array.Clear(mirror.Events);
            host.Fork(process);
            Assert.NotEqual(0, mirror.Events[(int)NotifierEvent.ProtectionOfPage]);
            Array.Clear(mirror.Events);
            process.Dispose();
            Assert.Equal(1, mirror.Events[(int)NotifierEvent.Release]);
            Assert.Equal(0, mirror.EntryCount);
        },
        new() { TracksSoftDirty = true });

    [Fact]
    public void R30d_TheSecondPhaseFollowsTheFirstOfEveryMirror() => Run(host =>
    {
        AddressSpace process = host.Process();
        ProcessMirror first = host.Open(host.Device(DeviceVariant.Private), process);
        ProcessMirror second = host.Open(host.Device(DeviceVariant.Private), process);
        VirtualAddress at = process.Map(Page);
        process.Put(at, Numbers(Page));
        first.OnInvalidate = _ => Assert.Equal((0, 0), (first.Finished, second.Finished));
        second.OnInvalidate = _ => Assert.Equal((0, 0), (first.Finished, second.Finished));
        process.Unmap(at, Page);
        Assert.Equal((1, 1), (first.Finished, second.Finished));
    });

    [Fact]
    public void R30_ANotifierIsAskedOnlyForItsRange() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(8 * Page);
        process.Put(at, Numbers(8 * Page));
        using CountingNotifier notifier = new(process, new(at.Add(2 * Page), 2 * Page));
        ulong sequence = notifier.ReadBegin();
        process.Advise(at, 2 * Page, MemoryAdvice.DontNeed);
        process.Advise(at.Add(4 * Page), 4 * Page, MemoryAdvice.DontNeed);
        Assert.False(notifier.ReadRetry(sequence));
        Assert.Equal(0, notifier.Calls);
        process.Advise(at.Add(3 * Page), Page, MemoryAdvice.DontNeed);
        Assert.True(notifier.ReadRetry(sequence));
        Assert.Equal(1, notifier.Calls);
        Assert.False(notifier.ReadRetry(notifier.ReadBegin()));
    });

    private static NotifierEvent Told(ProcessMirror mirror, Action change)
    {
        Array.Clear(mirror.Events);
        change();
        return (NotifierEvent)Assert.Single(Enumerable.Range(0, mirror.Events.Length), kind => mirror.Events[kind] != 0);
    }
}
