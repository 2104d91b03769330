// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Pmem;
using static Physr.Storage.Tests.Pmem.PmemHost;

namespace Physr.Storage.Tests.Pmem;

/// <summary>Making, changing and taking away namespaces.</summary>
public sealed class NamespaceChangeTests : IDisposable
{
    private readonly PmemHost _host = new(64 * MiB);

    public void Dispose() => _host.Dispose();

    [Fact]
    public void SpaceIsGivenFromTheFront_AndTheLargestRunWhereNoSizeIsSaid()
    {
        PmemNamespace a = _host.Create(new(NamespaceMode.Raw) { Size = 8 * MiB });
        PmemNamespace b = _host.Create(new(NamespaceMode.Raw) { Size = 4 * MiB });
        PmemNamespace c = _host.Create(new(NamespaceMode.Raw) { Size = 8 * MiB });
        Assert.Equal([0, 8 * MiB, 12 * MiB], _host.Region.Namespaces.Select(static each => each.Label.Start));
        Assert.Equal(["namespace0.0", "namespace0.1", "namespace0.2"], _host.Region.Namespaces.Select(static each => each.DeviceName));
        Assert.Equal(Errno.None, b.TryDelete(out _));
        Assert.Equal(Errno.None, a.TryDelete(out _));
        Assert.Equal([(0, 12 * MiB), (20 * MiB, 44 * MiB)], _host.Region.FreeRuns());
        Assert.Equal(56 * MiB, _host.Region.AvailableBytes);
        PmemNamespace d = _host.Create(new(NamespaceMode.Raw));
        Assert.Equal((20 * MiB, 44 * MiB), (d.Label.Start, d.Label.Length));
        Assert.Equal(Errno.ENOSPC, _host.Region.TryCreate(new(NamespaceMode.Raw) { Size = 14 * MiB }, out _, out string reason));
        Assert.Contains($"{12 * MiB} bytes", reason, StringComparison.Ordinal);
        Assert.Equal("namespace0.1", _host.Create(new(NamespaceMode.Raw) { Size = 12 * MiB }).DeviceName);
        Assert.Equal(Errno.ENOSPC, _host.Region.TryCreate(new(NamespaceMode.Raw), out _, out _));
        Assert.Equal(Errno.ENODEV, a.TryEnable(out _));
        Assert.Equal(Errno.ENODEV, a.TryDelete(out _));
        Assert.NotNull(c);
    }

    [Fact]
    public void AddressesAreAligned_NotOffsets()
    {
        using PmemHost host = new(3 * GiB, start: (16 * GiB) + (512 * MiB));
        PmemNamespace devdax = host.Create(new(NamespaceMode.DevDax) { Align = GiB, Size = 2 * GiB });
        Assert.Equal(512 * MiB, devdax.Label.Start);
        Assert.Equal(17 * GiB, devdax.Range.Start.Value);
    }

    [Fact]
    public void ARawNamespaceGrowsIntoTheFreeSpaceBehindIt_AndShrinks()
    {
        PmemNamespace a = _host.Create(new(NamespaceMode.Raw) { Size = 8 * MiB });
        PmemNamespace b = _host.Create(new(NamespaceMode.Raw) { Size = 8 * MiB });
        Assert.Equal(Errno.ENOSPC, a.TryResize(10 * MiB, out string reason));
        Assert.Contains($"{8 * MiB} are the most", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, b.TryResize(56 * MiB, out _));
        Assert.Equal(Errno.ENOSPC, b.TryResize(58 * MiB, out _));
        Assert.Equal(Errno.None, b.TryResize(2 * MiB, out _));
        Assert.Equal(Errno.EINVAL, b.TryResize(3 * MiB, out reason));
        Assert.Contains($"{2 * MiB} would be right", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, b.TryResize(0, out _));
        Assert.Equal(Errno.EOPNOTSUPP, _host.Create(new(NamespaceMode.FsDax) { Size = 8 * MiB }).TryResize(10 * MiB, out _));
        using PmemHost after = _host.Reattach();
        Assert.Equal([8 * MiB, 2 * MiB, 8 * MiB], after.Region.Namespaces.Select(static each => each.Label.Length));
    }

    [Fact]
    public void AnEnabledNamespaceIsNotChanged()
    {
        PmemNamespace raw = _host.Enable(new(NamespaceMode.Raw) { Size = 8 * MiB });
        Assert.Equal(Errno.EBUSY, raw.TryDelete(out string reason));
        Assert.Contains("disable it first", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EBUSY, raw.TryRename("x", out _));
        Assert.Equal(Errno.EBUSY, raw.TryResize(4 * MiB, out _));
        Assert.Equal(Errno.EBUSY, raw.TryReconfigure(new(NamespaceMode.FsDax), out _));
        Assert.Equal(Errno.EBUSY, raw.TryEnable(out _));
        Assert.Equal(Errno.EBUSY, _host.Region.TryInitializeLabels(force: true, out _));
    }

    [Fact]
    public void AModeIsChangedInPlace_IdentityAndNameStay()
    {
        PmemNamespace each = _host.Create(new(NamespaceMode.Raw) { Size = 32 * MiB, Name = "it" });
        Guid uuid = each.Uuid;
        foreach (NamespaceMode mode in (NamespaceMode[])[NamespaceMode.FsDax, NamespaceMode.Sector, NamespaceMode.DevDax, NamespaceMode.Raw])
        {
            Assert.Equal(Errno.None, each.TryReconfigure(new(mode), out string reason));
            Assert.Empty(reason);
            Assert.Equal((mode, uuid, "it"), (each.Mode, each.Uuid, each.Name));
            Assert.Equal(Errno.None, each.TryEnable(out _));
            Assert.Equal(Errno.None, each.TryDisable(out _));
            using PmemHost after = _host.Reattach();
            Assert.Equal(mode, Assert.Single(after.Region.Namespaces).Mode);
        }

        Assert.Equal(Errno.EINVAL, each.TryReconfigure(new(NamespaceMode.DevDax) { Align = 3 }, out _));
        Assert.Equal(Errno.ENOSPC, each.TryReconfigure(new(NamespaceMode.DevDax) { Align = GiB }, out _));
        Assert.Equal(NamespaceMode.Raw, each.Mode);
    }

    public static TheoryData<NamespaceRequest, Errno, string> Wrong => new()
    {
        { new(NamespaceMode.Raw) { Size = 3 * MiB }, Errno.EINVAL, $"{2 * MiB} would be" },
        { new(NamespaceMode.DevDax) { Size = 512 * MiB, Align = GiB }, Errno.EINVAL, "no multiple of 1073741824" },
        { new(NamespaceMode.DevDax) { Align = 64 * KiB }, Errno.EINVAL, "4 KiB, 2 MiB and 1 GiB" },
        { new((NamespaceMode)9), Errno.EINVAL, "none of the four" },
        { new(NamespaceMode.FsDax) { Map = (MapLocation)3 }, Errno.EINVAL, "RAM or on the device" },
        { new(NamespaceMode.Sector) { SectorBytes = 1024 }, Errno.EINVAL, "512 and 4096" },
        { new(NamespaceMode.Sector) { Size = 14 * MiB }, Errno.EINVAL, "16 MiB" },
        { new(NamespaceMode.FsDax) { Size = 2 * MiB }, Errno.ENOSPC, "nothing else" },
        { new(NamespaceMode.Raw) { Name = new('x', 64) }, Errno.EINVAL, "63 bytes" },
        { new(NamespaceMode.Raw) { Size = 66 * MiB }, Errno.ENOSPC, $"{64 * MiB} bytes" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void AWrongRequestIsRefusedBeforeAnythingIsStored(NamespaceRequest request, Errno expected, string part)
    {
        byte[] before = Everything();
        Assert.Equal(expected, _host.Region.TryCreate(request, out PmemNamespace? made, out string reason));
        Assert.Null(made);
        Assert.Contains(part, reason, StringComparison.Ordinal);
        Assert.Equal(before, Everything());
    }

    [Fact]
    public void AnIdentityIsUsedOnce()
    {
        Guid uuid = Guid.NewGuid();
        _host.Create(new(NamespaceMode.Raw) { Size = 4 * MiB, Uuid = uuid });
        Assert.Equal(Errno.EEXIST, _host.Region.TryCreate(new(NamespaceMode.Raw) { Size = 4 * MiB, Uuid = uuid }, out _, out string reason));
        Assert.Contains($"{uuid}", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void ARegionHoldsAsManyNamespacesAsItHasSlots()
    {
        using PmemHost host = new(1024 * MiB);
        for (int i = 0; i < 510; i++)
        {
            host.Create(new(NamespaceMode.Raw) { Size = 2 * MiB });
        }

        Assert.Equal(Errno.ENOSPC, host.Region.TryCreate(new(NamespaceMode.Raw) { Size = 2 * MiB }, out _, out string reason));
        Assert.Contains("510 label slots", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, host.Region.Namespaces[100].TryDelete(out _));
        Assert.Equal(200 * MiB, host.Create(new(NamespaceMode.Raw) { Size = 2 * MiB }).Label.Start);
    }

    private byte[] Everything()
    {
        byte[] all = new byte[128 * KiB + (16 * KiB)];
        _host.Image.TryRead(64 * MiB, all.AsSpan(0, (int)(128 * KiB)));
        _host.Image.TryRead(0, all.AsSpan((int)(128 * KiB)));
        return all;
    }
}
