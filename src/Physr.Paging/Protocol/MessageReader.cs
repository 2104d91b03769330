// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Text;

namespace Physr.Paging.Protocol;

/// <summary>Takes a message apart that may be anything. What is missing reads as 0, and <see cref="IsShort"/> tells.</summary>
internal ref struct MessageReader
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Begins with a message.</summary>
    public MessageReader(ReadOnlySpan<byte> message) => _rest = message;

    /// <summary>Whether more was asked for than there was.</summary>
    public bool IsShort { get; private set; }

    /// <summary>What is left.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Takes 1 byte.</summary>
    public byte ReadByte()
    {
        ReadOnlySpan<byte> bytes = Take(1);
        return bytes.IsEmpty ? (byte)0 : bytes[0];
    }

    /// <summary>Takes 4 bytes.</summary>
    public uint ReadUInt32()
    {
        ReadOnlySpan<byte> bytes = Take(sizeof(uint));
        return bytes.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    /// <summary>Takes 8 bytes.</summary>
    public ulong ReadUInt64()
    {
        ReadOnlySpan<byte> bytes = Take(sizeof(ulong));
        return bytes.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>Takes what is left as text.</summary>
    public string ReadText()
    {
        string text = Encoding.UTF8.GetString(_rest);
        _rest = default;
        return text;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_rest.Length < count)
        {
            IsShort = true;
            _rest = default;
            return default;
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
