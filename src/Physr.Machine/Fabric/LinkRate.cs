// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Fabric;

/// <summary>What a PCIe link moves (PCIe Base Specification, sections 4.2 and 2.2).</summary>
public static class LinkRate
{
    /// <summary>Largest payload of one packet in this machine, in bytes: what most hosts of today set.</summary>
    public const ulong MaxPayload = 256;

    /// <summary>Bytes around each packet's payload: 16 of header, 4 of LCRC, 4 of framing and sequence number.</summary>
    public const ulong PacketOverhead = 24;

    /// <summary>Raw bytes per second of one direction, after line coding.</summary>
    /// <param name="generation">1 to 6.</param>
    /// <param name="lanes">1 to 32.</param>
    public static ulong BytesPerSecond(int generation, int lanes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lanes);

        // Generations 1 and 2 code 8 bits in 10, 3 to 5 code 128 in 130, 6 spends 20 of 256 bytes of each flit.
        double perLane = generation switch
        {
            1 => 2.5e9 * 8 / 10,
            2 => 5e9 * 8 / 10,
            3 => 8e9 * 128 / 130,
            4 => 16e9 * 128 / 130,
            5 => 32e9 * 128 / 130,
            6 => 64e9 * 236 / 256,
            _ => throw new ArgumentOutOfRangeException(nameof(generation), generation, "A PCIe generation is 1 to 6."),
        };
        return (ulong)(perLane / 8 * lanes);
    }

    /// <summary>Bytes on the wire for a payload: one overhead for each started packet, and one for a packet without payload.</summary>
    public static ulong OnWire(ulong payload) => payload + (PacketOverhead * Math.Max(1, (payload + MaxPayload - 1) / MaxPayload));
}
