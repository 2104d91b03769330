// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>One command of the byte interface: its number and how long its structure may be.</summary>
/// <param name="Number">The number, 0x80 to 0x95.</param>
/// <param name="Name">The kernel's name of it.</param>
/// <param name="Size">Bytes of its structure as known here.</param>
/// <param name="MinimumSize">Bytes of the structure when the command was new: less is refused.</param>
public readonly record struct IommufdCommand(byte Number, string Name, int Size, int MinimumSize)
{
    /// <summary>What the command's numbers belong to: the type byte of every request.</summary>
    public const byte Type = (byte)';';

    /// <summary>The request as <c>ioctl</c> takes it (<c>_IO(';', number)</c>: no direction and no size in it).</summary>
    public uint Request => RequestOf(Number);

    /// <summary>The request of a number.</summary>
    public static uint RequestOf(byte number) => ((uint)Type << 8) | number;
}
