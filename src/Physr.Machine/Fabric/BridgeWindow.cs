// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Pci.Config;
using Physr.Pci.Spec;

namespace Physr.Machine.Fabric;

/// <summary>A bridge's memory windows as its registers say (PCI-to-PCI Bridge Architecture, section 3.2.5): a bridge claims what they hold and nothing else.</summary>
internal static class BridgeWindow
{
    private const ulong Granule = 1UL << 20;

    /// <summary>Programs the non-prefetchable window, which lies below 4 GiB; an empty range closes it.</summary>
    public static void SetMemory(EmulatedConfigSpace config, ulong start, ulong length) =>
        config.WriteDword(ConfigRegister.MemoryBase, length == 0 ? 0x0000_fff0 : Pack(start, start + length - 1));

    /// <summary>Programs the 64-bit prefetchable window; an empty range closes it.</summary>
    public static void SetPrefetchable(EmulatedConfigSpace config, ulong start, ulong length)
    {
        ulong last = length == 0 ? 0 : start + length - 1;
        ulong first = length == 0 ? Granule : start;
        config.WriteDword(ConfigRegister.PrefetchableBase, Pack(first, last));
        config.WriteDword(ConfigRegister.PrefetchableBaseUpper, (uint)(first >> 32));
        config.WriteDword(ConfigRegister.PrefetchableLimitUpper, (uint)(last >> 32));
    }

    /// <summary>Whether the bridge claims a bus address for the bus below it.</summary>
    public static bool Claims(EmulatedConfigSpace config, ulong address)
    {
        if ((config.Command & PciCommand.MemorySpace) == PciCommand.None)
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = config.Span;
        uint memory = BinaryPrimitives.ReadUInt32LittleEndian(bytes[ConfigRegister.MemoryBase..]);
        if (Contains(memory, 0, 0, address))
        {
            return true;
        }

        uint prefetchable = BinaryPrimitives.ReadUInt32LittleEndian(bytes[ConfigRegister.PrefetchableBase..]);
        uint baseUpper = BinaryPrimitives.ReadUInt32LittleEndian(bytes[ConfigRegister.PrefetchableBaseUpper..]);
        uint limitUpper = BinaryPrimitives.ReadUInt32LittleEndian(bytes[ConfigRegister.PrefetchableLimitUpper..]);
        return Contains(prefetchable, baseUpper, limitUpper, address);
    }

    /// <summary>The open windows, as bus addresses: first the non-prefetchable one, then the prefetchable.</summary>
    public static IEnumerable<(ulong Start, ulong Length)> Open(EmulatedConfigSpace config)
    {
        uint memory = config.ReadDword(ConfigRegister.MemoryBase);
        uint prefetchable = config.ReadDword(ConfigRegister.PrefetchableBase);
        (ulong First, ulong Last)[] windows =
        [
            Bounds(memory, 0, 0),
            Bounds(prefetchable, config.ReadDword(ConfigRegister.PrefetchableBaseUpper), config.ReadDword(ConfigRegister.PrefetchableLimitUpper)),
        ];
        return windows.Where(static window => window.First <= window.Last).Select(static window => (window.First, window.Last - window.First + 1));
    }

    private static uint Pack(ulong first, ulong last) => (uint)(((first >> 20) & 0xfff) << 4) | ((uint)(((last >> 20) & 0xfff) << 4) << 16);

    private static bool Contains(uint register, uint baseUpper, uint limitUpper, ulong address)
    {
        (ulong first, ulong last) = Bounds(register, baseUpper, limitUpper);
        return address >= first && address <= last;
    }

    /// <summary>First and last byte; a closed window's first lies above its last.</summary>
    private static (ulong First, ulong Last) Bounds(uint register, uint baseUpper, uint limitUpper) =>
        (((ulong)baseUpper << 32) | ((ulong)(register & 0xfff0) << 16), ((ulong)limitUpper << 32) | (register & 0xfff0_0000) | (Granule - 1));
}
