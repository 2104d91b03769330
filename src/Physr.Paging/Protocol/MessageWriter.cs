// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Text;

namespace Physr.Paging.Protocol;

/// <summary>Puts a message together. What does not fit is an error of the program: every message has a bound below <see cref="MostBytes"/>.</summary>
internal ref struct MessageWriter
{
    /// <summary>The longest message.</summary>
    public const int MostBytes = 8192;

    private readonly Span<byte> _buffer;
    private int _length;

    /// <summary>Begins a message.</summary>
    /// <param name="buffer"><see cref="MostBytes"/> bytes.</param>
    /// <param name="kind">What it is.</param>
    public MessageWriter(Span<byte> buffer, MessageKind kind)
    {
        _buffer = buffer;
        _buffer[0] = (byte)kind;
        _length = 1;
    }

    /// <summary>The message as it is.</summary>
    public readonly ReadOnlySpan<byte> Message => _buffer[.._length];

    /// <summary>Appends 4 bytes.</summary>
    public void Write(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer[_length..], value);
        _length += sizeof(uint);
    }

    /// <summary>Appends 8 bytes.</summary>
    public void Write(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer[_length..], value);
        _length += sizeof(ulong);
    }

    /// <summary>Appends bytes; their number is known from the message's length.</summary>
    public void Write(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer[_length..]);
        _length += bytes.Length;
    }

    /// <summary>Appends text, cut to what fits.</summary>
    public void Write(string text)
    {
        ReadOnlySpan<char> rest = text.AsSpan(0, Math.Min(text.Length, (_buffer.Length - _length) / 3));
        _length += Encoding.UTF8.GetBytes(rest, _buffer[_length..]);
    }
}
