// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Tests.Files;

/// <summary>What a store should hold: names and arrays of bytes. Arrays are replaced, never changed, so that a copy is cheap.</summary>
internal sealed class FileModel
{
    public SortedDictionary<string, byte[]> Files { get; private init; } = new(StringComparer.Ordinal);

    public FileModel Copy() => new() { Files = new(Files, StringComparer.Ordinal) };

    public void Write(string name, int offset, ReadOnlySpan<byte> source)
    {
        byte[] old = Files[name];
        byte[] bytes = new byte[Math.Max(old.Length, offset + source.Length)];
        old.CopyTo(bytes, 0);
        source.CopyTo(bytes.AsSpan(offset));
        Files[name] = bytes;
    }

    public void SetLength(string name, int length)
    {
        byte[] bytes = new byte[length];
        Files[name].AsSpan(0, Math.Min(length, Files[name].Length)).CopyTo(bytes);
        Files[name] = bytes;
    }

    public void Zero(string name, int offset, int length)
    {
        byte[] bytes = [.. Files[name]];
        bytes.AsSpan(Math.Min(offset, bytes.Length), Math.Clamp(bytes.Length - offset, 0, length)).Clear();
        Files[name] = bytes;
    }
}
