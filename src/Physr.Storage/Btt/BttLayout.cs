// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Storage.Btt;

/// <summary>Where the parts of an arena lie: info block, data, map, flog, copy of the info block (UEFI 2.7, "Block Translation Table").</summary>
/// <remarks>Blocks = (bytes - 8 KiB - flog - 4 KiB) / (block + 4); sectors = blocks - <see cref="FreeBlocks"/>; the map takes 4 bytes a sector, the flog 64 bytes a free block, both rounded up to 4 KiB;
/// the data take what is left.</remarks>
/// <param name="ArenaBytes">All of it, in bytes.</param>
/// <param name="SectorBytes">The sector that users see (<c>external_lbasize</c>).</param>
/// <param name="BlockBytes">The block that holds one (<c>internal_lbasize</c>).</param>
/// <param name="Sectors">Sectors (<c>external_nlba</c>).</param>
/// <param name="Blocks">Blocks (<c>internal_nlba</c>).</param>
/// <param name="FreeBlocks">Blocks beyond the sectors, one for each write under way (<c>nfree</c>).</param>
/// <param name="DataOffset">Where blocks begin.</param>
/// <param name="MapOffset">Where the map begins.</param>
/// <param name="FlogOffset">Where the flog begins.</param>
/// <param name="CopyOffset">Where the copy of the info block lies.</param>
/// <param name="NextOffset">Where the next arena begins, from the start of this one; 0 for the last.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BttLayout(
    ulong ArenaBytes, uint SectorBytes, uint BlockBytes, uint Sectors, uint Blocks, uint FreeBlocks,
    ulong DataOffset, ulong MapOffset, ulong FlogOffset, ulong CopyOffset, ulong NextOffset)
{
    /// <summary>The largest arena: 512 GiB.</summary>
    public const ulong MostArenaBytes = 512UL << 30;

    /// <summary>The smallest arena: 16 MiB.</summary>
    public const ulong LeastArenaBytes = 16UL << 20;

    /// <summary>The usual number of free blocks.</summary>
    public const uint UsualFreeBlocks = 256;

    /// <summary>An info block, in bytes.</summary>
    public const int InfoBytes = 4096;

    /// <summary>A map entry, in bytes.</summary>
    public const uint MapEntryBytes = 4;

    /// <summary>What one free block has in the flog, in bytes: two entries of 16, and padding up to a line.</summary>
    public const uint FlogGroupBytes = 64;

    /// <summary>Lays out an arena.</summary>
    /// <param name="arenaBytes">A multiple of 4 KiB, <see cref="LeastArenaBytes"/> to <see cref="MostArenaBytes"/>.</param>
    /// <param name="sectorBytes">512 or 4096.</param>
    /// <param name="isLast">Whether no arena follows.</param>
    internal static BttLayout Of(ulong arenaBytes, uint sectorBytes, bool isLast)
    {
        ulong flog = Alignment.Up(UsualFreeBlocks * FlogGroupBytes, InfoBytes);
        ulong available = arenaBytes - (2 * InfoBytes) - flog;
        uint blocks = (uint)((available - InfoBytes) / (sectorBytes + MapEntryBytes));
        uint sectors = blocks - UsualFreeBlocks;
        ulong map = Alignment.Up((ulong)sectors * MapEntryBytes, InfoBytes);
        ulong mapOffset = InfoBytes + available - map;
        return new(arenaBytes, sectorBytes, sectorBytes, sectors, blocks, UsualFreeBlocks, InfoBytes, mapOffset, mapOffset + map, mapOffset + map + flog, isLast ? 0 : arenaBytes);
    }

    /// <summary>What is wrong with it in so many bytes; empty where every part lies inside and apart from the others.</summary>
    internal string Judge(ulong room) => true switch
    {
        _ when SectorBytes is not (512 or 4096) || BlockBytes < SectorBytes || BlockBytes > 2 * 4096 || (BlockBytes & 63) != 0 => $"sectors of {SectorBytes} bytes in blocks of {BlockBytes}: 512 and 4096 are known, without metadata",
        _ when FreeBlocks is 0 or > 1 << 16 || Sectors == 0 || Blocks > 1U << 30 || (ulong)Sectors + FreeBlocks != Blocks => $"{Sectors} sectors and {FreeBlocks} free blocks do not make {Blocks} blocks",
        _ when CopyOffset > room || InfoBytes > room - CopyOffset || FlogOffset > CopyOffset || MapOffset > FlogOffset || DataOffset > MapOffset || DataOffset < InfoBytes => $"its parts do not follow one another within {room} bytes",
        _ when (ulong)Blocks * BlockBytes > MapOffset - DataOffset || (ulong)Sectors * MapEntryBytes > FlogOffset - MapOffset || (ulong)FreeBlocks * FlogGroupBytes > CopyOffset - FlogOffset => "its parts are shorter than what they have to hold",
        _ when ((DataOffset | MapOffset | FlogOffset | CopyOffset) & 63) != 0 => "its parts do not begin at lines of 64 bytes",
        _ when NextOffset != 0 && (NextOffset < CopyOffset + InfoBytes || NextOffset >= room || (NextOffset & 4095) != 0) => $"the next arena at {NextOffset} does not lie behind it",
        _ => "",
    };
}
