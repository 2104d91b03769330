// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Simulation;

/// <summary>SplitMix64: a small generator whose sequence depends on the seed alone, on every runtime and machine.</summary>
public sealed class SeededRandom
{
    private ulong _state;

    /// <summary>Starts the sequence of a seed.</summary>
    public SeededRandom(ulong seed) => _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        _state += 0x9E37_79B9_7F4A_7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number below <paramref name="bound"/>, which is not zero.</summary>
    public ulong Below(ulong bound)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bound);
        return Math.BigMul(Next(), bound, out _);
    }

    /// <summary>Fills bytes.</summary>
    public void Fill(Span<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes, Next());
            bytes = bytes[sizeof(ulong)..];
        }

        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)Next();
        }
    }

    /// <summary>An independent generator whose seed comes from this one and a name, so that adding a consumer does not disturb the others.</summary>
    public static SeededRandom For(ulong seed, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ulong hash = 0xCBF2_9CE4_8422_2325;
        foreach (char c in name)
        {
            hash = (hash ^ c) * 0x0000_0100_0000_01B3;
        }

        return new(seed ^ hash);
    }
}
