// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>The field of 256 elements with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11d) and the generator 2, in which the Q of RAID-6 is computed.</summary>
internal static class GaloisField
{
    private const int Polynomial = 0x11d;

    private static readonly byte[] s_power = MakePowers();
    private static readonly byte[] s_logarithm = MakeLogarithms();

    /// <summary>2 to a power; negative powers too.</summary>
    public static byte Power(int exponent) => s_power[((exponent % 255) + 255) % 255];

    /// <summary>The power of 2 that an element is; not for 0.</summary>
    public static int Logarithm(byte element) => s_logarithm[element];

    /// <summary>The product.</summary>
    public static byte Multiply(byte left, byte right) => left == 0 || right == 0 ? (byte)0 : Power(s_logarithm[left] + s_logarithm[right]);

    /// <summary>What multiplies an element to 1; not for 0.</summary>
    public static byte Inverse(byte element) => Power(-s_logarithm[element]);

    private static byte[] MakePowers()
    {
        byte[] powers = new byte[255];
        int element = 1;
        for (int i = 0; i < powers.Length; i++)
        {
            powers[i] = (byte)element;
            element <<= 1;
            element ^= element > 255 ? Polynomial : 0;
        }

        return powers;
    }

    private static byte[] MakeLogarithms()
    {
        byte[] logarithms = new byte[256];
        for (int i = 0; i < 255; i++)
        {
            logarithms[s_power[i]] = (byte)i;
        }

        return logarithms;
    }
}
