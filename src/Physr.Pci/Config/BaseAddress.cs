// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Pci.Spec;

namespace Physr.Pci.Config;

/// <summary>One base address register, decoded.</summary>
/// <param name="Index">The number of the (first) register, 0 to 5.</param>
/// <param name="Kind">What it decodes.</param>
/// <param name="IsPrefetchable">Whether reads have no side effects; memory only.</param>
/// <param name="Address">The bus address programmed, in bytes; 0 also means not programmed.</param>
/// <param name="Size">Bytes decoded, a power of two; 0 when the register was read but not probed.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BaseAddress(int Index, BarKind Kind, bool IsPrefetchable, ulong Address, ulong Size)
{
    private const uint IoBit = 1;
    private const uint TypeMask = 0b110;
    private const uint Type64 = 0b100;
    private const uint PrefetchBit = 0b1000;

    /// <summary>How many 32-bit registers it takes.</summary>
    public int Registers => Kind == BarKind.Memory64 ? 2 : 1;

    /// <summary>Reads a register without touching it: its kind and address, not its size.</summary>
    /// <param name="config">The function's configuration space.</param>
    /// <param name="index">Which register, 0 to 5 (type 1 headers have 0 and 1).</param>
    /// <param name="bar">The register.</param>
    /// <returns>False where the header has no such register, or a 64-bit one's upper half does not exist.</returns>
    public static bool TryDecode(ConfigSpace config, int index, out BaseAddress bar)
    {
        bar = default;
        int count = Count(config);
        int offset = ConfigRegister.BaseAddress0 + (4 * index);
        if (index < 0 || index >= count || !config.Has(offset, 4))
        {
            return false;
        }

        uint low = config.ReadDword(offset);
        if ((low & IoBit) != 0)
        {
            bar = new(index, BarKind.Io, false, low & ~3u, 0);
            return true;
        }

        bool wide = (low & TypeMask) == Type64;
        if (wide && (index + 1 >= count || !config.Has(offset + 4, 4)))
        {
            return false;
        }

        ulong address = (low & ~0xfu) | (wide ? (ulong)config.ReadDword(offset + 4) << 32 : 0);
        bar = new(index, wide ? BarKind.Memory64 : BarKind.Memory32, (low & PrefetchBit) != 0, address, 0);
        return true;
    }

    /// <summary>Sizes a register the way a host does: writes all ones, reads back which bits stuck, and restores what was there.</summary>
    /// <returns>False where the register does not exist or decodes nothing.</returns>
    public static bool TryProbe(EmulatedConfigSpace config, int index, out BaseAddress bar)
    {
        if (!TryDecode(config, index, out bar))
        {
            return false;
        }

        int offset = ConfigRegister.BaseAddress0 + (4 * index);
        uint low = config.ReadDword(offset);
        uint high = bar.Registers == 2 ? config.ReadDword(offset + 4) : 0;
        config.WriteDword(offset, uint.MaxValue);
        ulong stuck = config.ReadDword(offset) & (bar.Kind == BarKind.Io ? ~3u : ~0xfu);
        if (bar.Registers == 2)
        {
            config.WriteDword(offset + 4, uint.MaxValue);
            stuck |= (ulong)config.ReadDword(offset + 4) << 32;
            config.WriteDword(offset + 4, high);
        }
        else if (stuck != 0)
        {
            stuck |= 0xffff_ffff_0000_0000;
        }

        config.WriteDword(offset, low);
        bar = bar with { Size = stuck == 0 ? 0 : ~stuck + 1 };
        return stuck != 0;
    }

    internal static uint FlagsOf(BarKind kind, bool prefetchable) =>
        kind == BarKind.Io ? IoBit : (kind == BarKind.Memory64 ? Type64 : 0) | (prefetchable ? PrefetchBit : 0);

    internal static int Count(ConfigSpace config) => (config.ReadByte(ConfigRegister.HeaderType) & 0x7f) switch
    {
        (int)PciHeaderType.Endpoint => 6,
        (int)PciHeaderType.Bridge => 2,
        (int)PciHeaderType.CardBus => 1,
        _ => 0,
    };
}
