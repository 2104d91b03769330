// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Machine.Devices;

/// <summary>A device whose registers are read as 64-bit words and written as 32-bit ones: any part may be read; writes are 4 or 8 bytes at their own alignment, and
/// others are ignored.</summary>
public abstract class WordRegisterDevice : DeviceModel
{
    /// <summary>Makes a device with a name from the scenario.</summary>
    protected WordRegisterDevice(string name, DeviceProfile profile)
        : base(name, profile)
    {
    }

    /// <summary>Reads the 64-bit word at an offset that is a multiple of 8; zero where there is none.</summary>
    protected abstract ulong ReadWord(ulong offset);

    /// <summary>Writes the 32-bit register at an offset that is a multiple of 4.</summary>
    protected abstract void Write32(ulong offset, uint value);

    /// <summary>Fills bytes from the words they lie in.</summary>
    protected void ReadWords(ulong offset, Span<byte> destination)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        for (int i = 0; i < destination.Length; i++)
        {
            ulong at = unchecked(offset + (ulong)i);
            BinaryPrimitives.WriteUInt64LittleEndian(word, ReadWord(at & ~7UL));
            destination[i] = word[(int)(at & 7)];
        }
    }

    /// <summary>Writes one register, or two neighbours, low first.</summary>
    protected void WriteWords(ulong offset, ReadOnlySpan<byte> source)
    {
        if (source.Length is not (4 or 8) || (offset & (ulong)(source.Length - 1)) != 0)
        {
            return;
        }

        Write32(offset, BinaryPrimitives.ReadUInt32LittleEndian(source));
        if (source.Length == 8)
        {
            Write32(offset + 4, BinaryPrimitives.ReadUInt32LittleEndian(source[4..]));
        }
    }
}
