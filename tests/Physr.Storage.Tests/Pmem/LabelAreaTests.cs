// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Text;
using Physr.Storage.Pmem;
using static Physr.Storage.Tests.Pmem.PmemHost;

namespace Physr.Storage.Tests.Pmem;

/// <summary>The label area byte by byte (UEFI 2.7, 13.19), and what is done about damage.</summary>
public sealed class LabelAreaTests : IDisposable
{
    private const int Labels = (int)(64 * MiB);
    private readonly PmemHost _host = new(64 * MiB);

    public void Dispose() => _host.Dispose();

    [Fact]
    public void FiveHundredAndTenSlotsFitIn128KiB_BehindTwoIndexesOf256Bytes()
    {
        Assert.Equal(510U, _host.Region.Labels.SlotCount);
        byte[] area = Area();
        Assert.Equal("NAMESPACE_INDEX\0", Encoding.ASCII.GetString(area, 256, 16));
        Assert.Equal(1, area[256 + 19]);
        Assert.Equal(1U, U32(area, 256 + 20));
        Assert.Equal(256UL, U64(area, 256 + 24));
        Assert.Equal(256UL, U64(area, 256 + 32));
        Assert.Equal(0UL, U64(area, 256 + 40));
        Assert.Equal(512UL, U64(area, 256 + 48));
        Assert.Equal(510U, U32(area, 256 + 56));
        Assert.Equal(0x0002_0001U, U32(area, 256 + 60));
        Assert.Equal(Checksum(area.AsSpan(256, 256), 64), U64(area, 256 + 64));
        Assert.Equal(0xFF, area[256 + 72]);
        Assert.Equal(0x3F, area[256 + 72 + 63]);
    }

    [Fact]
    public void ALabelHoldsWhatTheFormatSays()
    {
        Guid uuid = new("00112233-4455-6677-8899-aabbccddeeff");
        _host.Create(new(NamespaceMode.DevDax) { Size = 8 * MiB, Name = "data, äöü", Uuid = uuid });
        byte[] area = Area();
        Span<byte> label = area.AsSpan(512, 256);
        Assert.Equal("00112233445566778899AABBCCDDEEFF", Convert.ToHexString(label[..16]));
        Assert.Equal("data, äöü", Encoding.UTF8.GetString(label[16..80]).TrimEnd('\0'));
        Assert.Equal(0x0000_0001U, U32(area, 512 + 84));
        Assert.Equal(_host.Region.Options.InterleaveCookie, U64(area, 512 + 88));
        Assert.Equal(0UL, U64(area, 512 + 104));
        Assert.Equal(8 * MiB, U64(area, 512 + 112));
        Assert.Equal(0U, U32(area, 512 + 120));
        Assert.Equal(21, label[124]);
        Assert.Equal(new Guid("66f0d379-b4f3-4074-ac43-0d3318b78cdb"), new(label.Slice(128, 16)));
        Assert.Equal(new Guid("97a86d9c-3cdd-4eda-986f-5068b4f80088"), new(label.Slice(144, 16)));
        Assert.Equal(Checksum(label, 248), U64(area, 512 + 248));
    }

    [Fact]
    public void EveryChangeFlipsTheIndex_ByOneTwoThree()
    {
        List<uint> seen = [_host.Region.Labels.Sequence];
        PmemNamespace raw = _host.Create(new(NamespaceMode.Raw) { Size = 4 * MiB });
        for (int i = 0; i < 5; i++)
        {
            seen.Add(_host.Region.Labels.Sequence);
            Assert.Equal(Errno.None, raw.TryRename($"name {i}", out _));
        }

        Assert.Equal([1, 2, 3, 1, 2, 3], seen);
        using PmemHost after = _host.Reattach();
        Assert.Equal("name 4", Assert.Single(after.Region.Namespaces).Name);
        Assert.Equal(_host.Region.Labels.Sequence, after.Region.Labels.Sequence);
    }

    [Fact]
    public void OneDamagedIndexIsCoveredByTheOther_WhichMayBeTheOlder()
    {
        PmemNamespace raw = _host.Create(new(NamespaceMode.Raw) { Size = 4 * MiB, Name = "old" });
        Assert.Equal(Errno.None, raw.TryRename("new", out _));
        int newest = U32(Area(), 20) == _host.Region.Labels.Sequence ? 0 : 256;
        Flip(newest + 100);
        using (PmemHost older = _host.Reattach())
        {
            Assert.Equal("old", Assert.Single(older.Region.Namespaces).Name);
            Assert.Equal(Errno.None, older.Region.Namespaces[0].TryRename("newer", out _));
        }

        using PmemHost after = _host.Reattach();
        Assert.Equal("newer", Assert.Single(after.Region.Namespaces).Name);
    }

    [Fact]
    public void NoWholeIndexIsNamed_AndNothingIsMendedUnasked()
    {
        _host.Create(new(NamespaceMode.Raw));
        Flip(3);
        Flip(256 + 30);
        byte[] before = Area();
        using PmemHost after = _host.Reattach();
        Assert.Equal(LabelAreaState.Damaged, after.Region.Labels.State);
        Assert.Contains("NAMESPACE_INDEX", after.Region.Labels.Reason, StringComparison.Ordinal);
        Assert.Contains("checksum", after.Region.Labels.Reason, StringComparison.Ordinal);
        Assert.Equal(Errno.ENODEV, after.Region.TryCreate(new(NamespaceMode.Raw), out _, out string reason));
        Assert.NotEmpty(reason);
        Assert.Equal(Errno.EUCLEAN, after.Region.TryInitializeLabels(force: false, out _));
        Assert.Equal(before, Area());
        Assert.Equal(Errno.None, after.Region.TryInitializeLabels(force: true, out _));
        Assert.Equal(64 * MiB, after.Region.AvailableBytes);
    }

    [Fact]
    public void ADamagedLabelIsNamed_ItsSpaceIsNotGivenAway_UntilItIsDropped()
    {
        PmemNamespace first = _host.Create(new(NamespaceMode.Raw) { Size = 4 * MiB });
        _host.Create(new(NamespaceMode.Raw) { Size = 4 * MiB });
        Flip(512 + 20);
        using PmemHost after = _host.Reattach();
        LabelProblem problem = Assert.Single(after.Region.Problems);
        Assert.Equal(first.Label.Slot, problem.Slot);
        Assert.Contains("checksum", problem.Reason, StringComparison.Ordinal);
        Assert.Single(after.Region.Namespaces);
        Assert.Equal(Errno.EUCLEAN, after.Region.TryCreate(new(NamespaceMode.Raw), out _, out _));
        Assert.Equal(Errno.ENOSPC, after.Region.Namespaces[0].TryResize(8 * MiB, out _));
        Assert.Equal(Errno.None, after.Region.TryDropDamagedLabels(out _));
        Assert.Equal(Errno.None, after.Region.TryCreate(new(NamespaceMode.Raw) { Size = 4 * MiB }, out PmemNamespace? made, out _));
        Assert.Equal(0UL, made!.Label.Start);
    }

    [Theory]
    [InlineData("another set", 88)]
    [InlineData("an abstraction nobody knows", 144)]
    [InlineData("no persistent memory", 128)]
    [InlineData("beyond the end", 110)]
    [InlineData("unfinished update", 80, 8)]
    [InlineData("more labels", 84, 3)]
    [InlineData("off the 2 MiB grid", 105, 16)]
    public void ALabelThatIsNotThisRegionsIsNamed(string what, int at, byte bits = 0xFF)
    {
        _host.Create(new(NamespaceMode.Raw) { Size = 4 * MiB });
        byte[] area = Area();
        area[512 + at] ^= bits;
        BinaryPrimitives.WriteUInt64LittleEndian(area.AsSpan(512 + 248), Checksum(area.AsSpan(512, 256), 248));
        _host.Image.TryWrite(Labels, area);
        using PmemHost after = _host.Reattach();
        Assert.Empty(after.Region.Namespaces);
        Assert.True(Assert.Single(after.Region.Problems).Reason.Length > 20, what);
    }

    [Fact]
    public void LabelsWithOneIdentityOrOverlappingAreNotBothBelieved()
    {
        _host.Create(new(NamespaceMode.Raw) { Size = 4 * MiB });
        _host.Create(new(NamespaceMode.Raw) { Size = 4 * MiB });
        byte[] area = Area();
        BinaryPrimitives.WriteUInt64LittleEndian(area.AsSpan(768 + 104), 2 * MiB);
        BinaryPrimitives.WriteUInt64LittleEndian(area.AsSpan(768 + 248), Checksum(area.AsSpan(768, 256), 248));
        _host.Image.TryWrite(Labels, area);
        using PmemHost after = _host.Reattach();
        Assert.Single(after.Region.Namespaces);
        Assert.Contains("overlaps namespace0.0", Assert.Single(after.Region.Problems).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void ALostSlotIsPassedOver_ALostIndexIsAnError()
    {
        _host.Image.Errors.Inject(Labels + 512, 512);
        PmemNamespace raw = _host.Create(new(NamespaceMode.Raw) { Size = 4 * MiB });
        Assert.Equal(2U, raw.Label.Slot);
        _host.Image.Errors.Inject(Labels, 1);
        Assert.Equal(Errno.EIO, raw.TryRename("x", out string reason));
        Assert.Contains("index", reason, StringComparison.Ordinal);
        Assert.Equal("", raw.Name);
    }

    [Fact]
    public void MutatedAreasNeverThrow_AndWhatIsBelievedLiesInTheRegion()
    {
        for (int i = 0; i < 6; i++)
        {
            _host.Create(new((NamespaceMode)(i % 3)) { Size = 8 * MiB });
        }

        byte[] good = Area();
        for (int seed = 0; seed < 3000; seed++)
        {
            Random random = new(seed);
            byte[] bad = [.. good];
            int changes = random.Next(1, 6);
            for (int i = 0; i < changes; i++)
            {
                bad[random.Next(3) == 0 ? random.Next(512) : random.Next(512, 512 + (8 * 256))] = (byte)random.Next();
            }

            // Half of them look whole: the checks behind the checksum have to hold.
            if (random.Next(2) == 0)
            {
                for (int block = 0; block < 2; block++)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(bad.AsSpan((block * 256) + 64), Checksum(bad.AsSpan(block * 256, 256), 64));
                }

                for (int slot = 0; slot < 8; slot++)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(bad.AsSpan(512 + (slot * 256) + 248), Checksum(bad.AsSpan(512 + (slot * 256), 256), 248));
                }
            }

            _host.Image.TryWrite(Labels, bad);
            using PmemHost after = _host.Reattach();
            ulong end = 0;
            foreach (PmemNamespace each in after.Region.Namespaces)
            {
                Assert.True(each.Label.Start >= end && each.Label.Start + each.Label.Length <= 64 * MiB, $"seed {seed}: {each.Label}");
                end = each.Label.Start + each.Label.Length;
                Errno errno = each.TryEnable(out string reason);
                Assert.True(errno == Errno.None || reason.Length != 0, $"seed {seed}");
                Assert.Equal(Errno.None, each.TryDisable(out _));
            }

            Assert.True(after.Region.Labels.State == LabelAreaState.Ready || after.Region.Labels.Reason.Length != 0, $"seed {seed}");
            Assert.Equal(0, after.Map.DescriptorCount);
        }
    }

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static ulong U64(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));

    /// <summary>Fletcher's sum as the specification words it, on its own.</summary>
    private static ulong Checksum(ReadOnlySpan<byte> bytes, int at)
    {
        ulong low = 0;
        ulong high = 0;
        for (int i = 0; i < bytes.Length / 4; i++)
        {
            low = (low + (i == at / 4 || i == (at / 4) + 1 ? 0U : BitConverter.ToUInt32(bytes[(4 * i)..]))) & uint.MaxValue;
            high = (high + low) & uint.MaxValue;
        }

        return (high << 32) + low;
    }

    private byte[] Area()
    {
        byte[] area = new byte[16 * KiB];
        Assert.Equal(Errno.None, _host.Image.TryRead(Labels, area));
        return area;
    }

    private void Flip(int at)
    {
        Span<byte> one = stackalloc byte[1];
        _host.Image.TryRead((ulong)(Labels + at), one);
        one[0] ^= 0x40;
        _host.Image.TryWrite((ulong)(Labels + at), one);
    }
}
