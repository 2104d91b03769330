// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <summary>What a new namespace is to be.</summary>
/// <param name="Mode">What it is used as.</param>
public sealed record NamespaceRequest(NamespaceMode Mode)
{
    /// <summary>Bytes, a multiple of 2 MiB and of the alignment; 0 takes the largest run that is free.</summary>
    public ulong Size { get; init; }

    /// <summary>A name for people, at most 63 bytes of UTF-8.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its identity; empty makes one.</summary>
    public Guid Uuid { get; init; }

    /// <summary>The alignment of its data: 4 KiB, 2 MiB or 1 GiB. Only devdax has units of that size; for others it places the data.</summary>
    public ulong Align { get; init; } = PageSize.Size2M;

    /// <summary>Where page descriptors lie, for modes that have some.</summary>
    public MapLocation Map { get; init; } = MapLocation.Ram;

    /// <summary>The sector of sector mode: 512 or 4096.</summary>
    public uint SectorBytes { get; init; } = 4096;

    internal ulong PlacingUnit => Math.Max(Align, PageSize.Size2M);

    /// <summary>What is wrong with it by itself; empty where nothing is.</summary>
    internal string Judge() => true switch
    {
        _ when Mode is < NamespaceMode.Raw or > NamespaceMode.Sector => $"mode {Mode} is none of the four",
        _ when !PfnLayout.IsAlignment(Align) => $"an alignment of {Align} bytes: 4 KiB, 2 MiB and 1 GiB are possible",
        _ when Map is not (MapLocation.Ram or MapLocation.Device) => $"descriptors lie in RAM or on the device, not in {Map}",
        _ when Mode == NamespaceMode.Sector && SectorBytes is not (512 or 4096) => $"sectors of {SectorBytes} bytes: 512 and 4096 are possible",
        _ when System.Text.Encoding.UTF8.GetByteCount(Name) > PmemLabel.MostNameBytes || Name.Contains('\0', StringComparison.Ordinal) => $"the name takes more than {PmemLabel.MostNameBytes} bytes, or has a zero in it",
        _ when !Alignment.IsAligned(Size, PlacingUnit) => $"{Size} bytes are no multiple of {PlacingUnit}: {Alignment.Down(Size, PlacingUnit)} would be",
        _ => "",
    };
}
