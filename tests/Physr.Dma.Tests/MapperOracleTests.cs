// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Tests;

/// <summary>Random lists over RAM and peers, for random devices, against an oracle that knows only bytes: what the device reads is what the CPU put there, what it wrote is there afterwards,
/// and nothing else changed.</summary>
public sealed class MapperOracleTests
{
    private const ulong Window = 0x4_0000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void R42_R53d_R59_R60_R61_R62_RandomListsCarryEveryByteToItsPlace(int batch)
    {
        for (int seed = batch * 1000; seed < (batch * 1000) + 60; seed++)
        {
            Check(seed);
        }
    }

    private static void Check(int seed)
    {
        Random random = new(seed);
        using DmaRig rig = new(poolBytes: 4 << 20);
        P2PProvider[] peers =
        [
            rig.Peer("near", 0x40_0000_0000, Window, P2PMapType.BusAddress),
            rig.Peer("hosted", 0x50_0000_0000, Window, P2PMapType.ThroughHostBridge),
            rig.Peer("next to it", 0x50_0000_0000 + Window, Window, P2PMapType.ThroughHostBridge),
        ];
        SegmentLimits limits = random.Next(2) == 0 ? default : new() { MaxSegmentSize = 0x3000, BoundaryMask = 0xffff, MinAlignment = random.Next(2) == 0 ? 512UL : 0 };
        DmaDevice device = random.Next(4) switch
        {
            0 => new("direct", limits: limits),
            1 => new("narrow", mask: uint.MaxValue, limits: limits),
            2 => new("translated", limits: limits) { Domain = rig.Domain },
            _ => new("untrusted", limits: limits) { Domain = rig.Domain, IsUntrusted = true },
        };
        DmaDirection direction = (DmaDirection)random.Next(3);
        RangeList list = RandomList(random, peers, device.Mask == ulong.MaxValue && !device.IsUntrusted);
        byte[] expected = rig.CpuReads(list);
        using (DmaMapping mapping = rig.MapList(device, list, direction))
        {
            Assert.True(list.Length == mapping.Addresses.Length, $"seed {seed}");
            if (direction != DmaDirection.FromDevice)
            {
                Assert.True(expected.AsSpan().SequenceEqual(rig.DeviceReads(device, Segments(mapping))), $"seed {seed}: the device read other bytes");
            }

            if (direction != DmaDirection.ToDevice)
            {
                // The device writes some of the bytes; a mapping for it never loses the others.
                rig.DeviceWrites(device, Segments(mapping), at => at % 3 == 0 ? (byte)(at ^ (ulong)seed) : null);
                for (int i = 0; i < expected.Length; i += 3)
                {
                    expected[i] = (byte)(i ^ seed);
                }
            }
        }

        Assert.True(expected.AsSpan().SequenceEqual(rig.CpuReads(list)), $"seed {seed}: other bytes came back");
        rig.AssertIdle();
        AssertRestIsUntouched(rig, list, seed);
    }

    /// <summary>Disjoint ranges of any alignment; an untrusted or narrow device is given peers only in whole granules it can reach.</summary>
    private static RangeList RandomList(Random random, P2PProvider[] peers, bool allPeers)
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        ulong low = 0x1_0000;
        ulong high = DmaRig.HighRam;
        ulong[] used = new ulong[peers.Length];
        for (int i = random.Next(1, 12); i > 0; i--)
        {
            int kind = random.Next(4);
            ulong length = random.Next(2) == 0 ? (ulong)random.Next(1, 5) << 12 : (ulong)random.Next(1, 0x3000);
            ulong gap = random.Next(3) switch { 0 => 0UL, 1 => (ulong)random.Next(0x2000), _ => (ulong)random.Next(4) << 12 };
            if (kind < 3 || !allPeers)
            {
                ref ulong next = ref kind == 2 ? ref high : ref low;
                builder.Append(new PhysicalRange(new(next + gap), length));
                next += gap + length;
            }
            else
            {
                int peer = random.Next(peers.Length);
                if (used[peer] + gap + length <= Window)
                {
                    builder.Append(new PhysicalRange(peers[peer].Range.Start.Add(used[peer] + gap), length), peers[peer].Index);
                    used[peer] += gap + length;
                }
            }
        }

        return builder.Length == 0 ? DmaRig.List((0x1000, 0x100)) : builder.Build();
    }

    private static DmaRangeList Segments(DmaMapping mapping)
    {
        DmaRangeListBuilder builder = new();
        foreach (DmaEntry segment in mapping.Segments())
        {
            Assert.True(mapping.Device.Limits.MaxSegmentSize == 0 || segment.Range.Length <= mapping.Device.Limits.MaxSegmentSize);
            builder.Append(segment.Range, segment.IsBusAddress);
        }

        return builder.Build();
    }

    private static void AssertRestIsUntouched(DmaRig rig, RangeList list, int seed)
    {
        foreach (ProvidedRange entry in list)
        {
            foreach (ulong at in (ulong[])[entry.Range.Start.Value - 1, entry.Range.End.Value])
            {
                bool isOwn = false;
                foreach (ProvidedRange other in list)
                {
                    isOwn |= other.Range.Contains(new PhysicalAddress(at));
                }

                Assert.True(isOwn || rig.Memory[at] == ByteMemory.Pattern(at), $"seed {seed}: 0x{at:x} beside the list changed");
            }
        }
    }
}
