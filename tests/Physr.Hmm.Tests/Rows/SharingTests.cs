// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.Broker;
using Physr.Dma.Mirror;
using Physr.Dma.Tests;
using Physr.Memory;
using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>Mirrors that map for DMA, other devices' memory, and pages by identity (rows R40b, R41, R42, R82).</summary>
public sealed class SharingTests
{
    private const ulong Bar = 0x50_0000_0000;

    [Fact]
    public void R40b_OnlyWritableAnonymousMemoryCanBeHadAlone() => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(DeviceVariant.Private);
        VirtualAddress at = process.Map(4 * Page);
        VirtualAddress shared = process.MapShared(host, Page);
        process.Unmap(at.Add(Page), Page);
        process.Protect(at.Add(2 * Page), Page, Protection.Read);
        process.EnterRead();
        Assert.Equal(Errno.EINVAL, ExclusivePage.TryAcquire(process, at.Add(8), device, out _));
        Assert.Equal(Errno.EFAULT, ExclusivePage.TryAcquire(process, at.Add(Page), device, out _));
        Assert.Equal(Errno.EPERM, ExclusivePage.TryAcquire(process, at.Add(2 * Page), device, out _));
        Assert.Equal(Errno.EINVAL, ExclusivePage.TryAcquire(process, shared, device, out _));
        Assert.Equal(Errno.None, ExclusivePage.TryAcquire(process, at, device, out ExclusivePage? page));
        process.ExitRead();

        // R40a: the CPU waits while the device programs its tables, and takes the page back then.
        Thread reader = new(() => Assert.Equal(AccessOutcome.Done, process.Load(at, out int _)));
        reader.Start();
        Assert.False(reader.Join(20));
        page!.Dispose();
        page.Dispose();
        reader.Join();
        Assert.Equal(page.Frame, process.FrameOf(at));
    });

    [Fact]
    public void R41_AMirrorsPagesAreMappedForDma_AsTheyComeAndGo() => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(DeviceVariant.Private);
        DmaMapper mapper = new(host.Memory.Map, new FakeRoutes());
        DmaDevice client = new("nic");
        VirtualAddress at = process.Map(8 * Page);
        process.Put(at, Numbers(4 * Page));
        DmaMirror mirror = new(process, new(at, 8 * Page), mapper, client);
        Assert.Equal(Errno.None, mirror.Load(MirrorRequest.Read));
        Assert.Equal(8, client.ActiveMappings);
        Assert.Equal(process.FrameOf(at).Address.Value, mirror.Addresses[0].Value);

        // R41a, R41b: more rights keep the mapping and its address.
        DmaAddress before = mirror.Addresses[1];
        Assert.Equal(Errno.None, mirror.Load(MirrorRequest.Write));
        Assert.Equal((8, before), (client.ActiveMappings, mirror.Addresses[1]));
        Assert.True(mirror.Mapping.Frames[1].Has(MirrorFlags.Valid | MirrorFlags.Write | MirrorFlags.DmaMapped));

        // What goes away is unmapped before it goes.
        process.Advise(at.Add(2 * Page), 2 * Page, MemoryAdvice.DontNeed);
        Assert.Equal(6, client.ActiveMappings);
        host.Open(device, process).MigrateAll(at, Numbers(Page));
        Assert.Equal(5, client.ActiveMappings);
        Assert.Equal(Errno.None, mirror.Load(MirrorRequest.Read));
        Assert.Equal((8, 1L), (client.ActiveMappings, device.FaultsServed));
        process.Unmap(at, 8 * Page);
        Assert.Equal(0, client.ActiveMappings);
        mirror.Close();

        // R41d.
        DmaDevice narrow = new("narrow", mask: uint.MaxValue);
        Assert.Equal(Errno.EOPNOTSUPP, MirrorMapping.TryCreate(mapper, host.Memory.Map, new FakeRoutes(), narrow, 8, Page, out _));
    });

    [Theory]
    [InlineData(DeviceVariant.Private, P2PMapType.BusAddress, PrivateRouteKind.PeerToPeer)]
    [InlineData(DeviceVariant.PrivateByRange, P2PMapType.ThroughHostBridge, PrivateRouteKind.PeerToPeer)]
    [InlineData(DeviceVariant.Private, P2PMapType.NotSupported, PrivateRouteKind.Migrate)]
    [InlineData(DeviceVariant.PrivateByRange, P2PMapType.NotSupported, PrivateRouteKind.Migrate)]
    public void R42_AnotherDevicesPageIsReachedThroughItsBar_OrComesHome(DeviceVariant variant, P2PMapType route, PrivateRouteKind expected) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice owner = host.Device(variant);
        FakeRoutes routes = new();
        routes.ByOwner["gpu"] = route;
        Assert.Equal(Errno.None, host.Memory.Map.RegisterProvider("gpu", null, 0, new(new(Bar), 32 << 20), new(Bar), out P2PProvider? provider));
        DevicePrivateBroker broker = new(host.Memory.Map, routes);
        Assert.Equal(Errno.None, broker.Publish(owner.Pagemap, new(0, new(provider!.Range, provider.Index))));
        DmaDevice client = new("nic");
        ForeignPages foreign = new(host.Memory, broker, client);
        VirtualAddress at = process.Map(Page);
        process.Put(at, Numbers(Page));
        host.Open(owner, process).MigrateAll(at, Numbers(Page));
        using CountingNotifier notifier = new(process, new(at, Page));
        MirrorFrame frame = Look(notifier, at);
        Assert.Equal(0, owner.FaultsServed);

        // R42a, R42b.
        Assert.True(foreign.TryFindWay(frame, out PrivateRoute way));
        Assert.Equal(expected, way.Kind);
        if (expected == PrivateRouteKind.PeerToPeer)
        {
            Assert.Equal((Bar, 1L), (way.Peer.Range.Start.Value, foreign.PeerToPeer));
        }
        else
        {
            Assert.Equal(AccessOutcome.Done, foreign.BringHome(process, at));
            Assert.Equal((1L, 1L), (foreign.BroughtHome, owner.FaultsServed));
            Assert.False(foreign.TryFindWay(Look(notifier, at), out _));
        }

        // R42c.
        DmaMapper mapper = new(host.Memory.Map, routes);
        Assert.Equal(Errno.None, MirrorMapping.TryCreate(mapper, host.Memory.Map, routes, client, 1, Page, out MirrorMapping? mapping));
        mapping!.Frames[0] = frame;
        Assert.Equal(Errno.EFAULT, mapping.TryMapPage(0, out DmaAddress address));
        Assert.Equal(DmaAddress.MappingError, address);
        mapping.Dispose();
        Assert.Equal(Errno.None, host.Memory.Map.TryUnregisterProvider(provider));
        process.Expect(at, Numbers(Page));
    });

    [Fact]
    public void R42a_AnInterconnectIsTakenWhereThereIsOne() => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice owner = host.Device(DeviceVariant.Private);
        DmaDevice client = new("gpu1");
        DevicePrivateBroker broker = new(host.Memory.Map, new FakeRoutes());
        Assert.Equal(Errno.None, broker.Connect(owner.Pagemap, new(client, new(0x7000_0000_0000), 32 << 20)));
        ForeignPages foreign = new(host.Memory, broker, client);
        VirtualAddress at = process.Map(4 * Page);
        process.Put(at, Numbers(4 * Page));
        host.Open(owner, process).MigrateAll(at, Numbers(4 * Page));
        using CountingNotifier notifier = new(process, new(at, 4 * Page));
        Assert.True(foreign.TryFindWay(Look(notifier, at.Add(3 * Page)), out PrivateRoute way));
        Assert.Equal((PrivateRouteKind.Interconnect, 0x7000_0000_3000UL, 1L), (way.Kind, way.Address.Value, foreign.Interconnect));
    });

    [Fact]
    public void R82_TwoAliasesOfASharedPageAreTheSame_AndAProcesssOwnMemoryIsItsOwn() => Run(host =>
    {
        AddressSpace first = host.Process("first");
        AddressSpace second = host.Process("second");
        SharedMemoryFile file = host.Last(new SharedMemoryFile(host.Memory, "/dev/shm/queue", 4 * Page));
        Assert.Equal(Errno.None, first.TryMap(new(4 * Page, Protection.ReadWrite) { File = file, IsShared = true }, out VirtualAddress one));
        Assert.Equal(Errno.None, first.TryMap(new(2 * Page, Protection.ReadWrite) { File = file, IsShared = true, Offset = 2 * Page }, out VirtualAddress alias));
        Assert.Equal(Errno.None, second.TryMap(new(4 * Page, Protection.Read) { File = file, IsShared = true }, out VirtualAddress other));
        MemoryIdentity key = Key(first, one.Add((2 * Page) + 8));
        Assert.Equal(key, Key(first, alias.Add(8)));
        Assert.Equal(key, Key(second, other.Add((2 * Page) + 8)));
        Assert.NotEqual(key, Key(first, alias.Add(12)));
        Assert.NotEqual(key, Key(first, one.Add(8)));

        // A copy of the process's own is no longer the file's.
        Assert.Equal(Errno.None, first.TryMap(new(Page, Protection.ReadWrite) { File = file }, out VirtualAddress copy));
        Assert.NotEqual(Key(first, one), Key(first, copy));
        VirtualAddress own = first.Map(Page);
        AddressSpace child = host.Fork(first);
        Assert.NotEqual(Key(first, own), Key(child, own));
        Assert.Equal(key, Key(child, alias.Add(8)));
        Assert.Equal(Errno.EFAULT, first.TryIdentify(default, out _));
    });

    private static MemoryIdentity Key(AddressSpace space, VirtualAddress at)
    {
        Assert.Equal(Errno.None, space.TryIdentify(at, out MemoryIdentity identity));
        return identity;
    }

    private static MirrorFrame Look(IntervalNotifier notifier, VirtualAddress at)
    {
        MirrorFrame[] frame = new MirrorFrame[1];
        ulong sequence = notifier.ReadBegin();
        notifier.Space.EnterRead();
        Assert.Equal(Errno.None, RangeMirror.TryFault(notifier, sequence, at, frame, MirrorRequest.Read with { ReportsForeign = true }));
        notifier.Space.ExitRead();
        return frame[0];
    }
}
