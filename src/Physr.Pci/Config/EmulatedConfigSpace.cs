// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Pci.Spec;

namespace Physr.Pci.Config;

/// <summary>Configuration space of a modelled function: each bit is read-only, writable, or cleared by writing a one.</summary>
/// <remarks>Made by <see cref="ConfigSpaceBuilder"/>. Writing to a read-only bit is ignored, as on the bus.</remarks>
public sealed class EmulatedConfigSpace : ConfigSpace
{
    private readonly byte[] _writable;
    private readonly byte[] _writeOneToClear;

    internal EmulatedConfigSpace(ReadOnlySpan<byte> bytes, byte[] writable, byte[] writeOneToClear)
        : base(bytes, bytes.Length)
    {
        _writable = writable;
        _writeOneToClear = writeOneToClear;
    }

    /// <summary>Called after each write with its offset and length in bytes: BARs, windows, command or ACS control may have changed.</summary>
    public event Action<int, int>? Written;

    /// <summary>What the function may do, from its command register.</summary>
    public PciCommand Command => (PciCommand)ReadWord(ConfigRegister.Command);

    /// <summary>Writes 8 bits.</summary>
    public void WriteByte(int offset, byte value) => Write(offset, [value]);

    /// <summary>Writes 16 bits, little endian.</summary>
    public void WriteWord(int offset, ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        Write(offset, bytes);
    }

    /// <summary>Writes 32 bits, little endian.</summary>
    public void WriteDword(int offset, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Write(offset, bytes);
    }

    /// <summary>Writes bytes; what lies past the end of the space is dropped, as on the bus.</summary>
    public void Write(int offset, ReadOnlySpan<byte> value)
    {
        Span<byte> bytes = Writable;
        for (int i = 0; i < value.Length && (uint)(offset + i) < (uint)bytes.Length; i++)
        {
            int at = offset + i;
            byte kept = (byte)(bytes[at] & ~_writable[at] & ~(value[i] & _writeOneToClear[at]));
            bytes[at] = (byte)(kept | (value[i] & _writable[at]));
        }

        Written?.Invoke(offset, value.Length);
    }

    /// <summary>Sets bits that only the device itself may set (status, link status), without asking the write masks.</summary>
    public void SetByDevice(int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Writable[offset..], value);
}
