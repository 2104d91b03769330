// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers;
using System.Text.Unicode;

namespace Physr.Storage.Files;

/// <summary>Which names files may have: 1 to 255 bytes of UTF-8 without '/' and NUL.</summary>
internal static class FileNames
{
    public const int MostBytes = 255;

    public static bool IsValid(string name)
    {
        Span<byte> bytes = stackalloc byte[MostBytes];
        return Utf8.FromUtf16(name, bytes, out _, out int written, replaceInvalidSequences: false) == OperationStatus.Done && AreValid(bytes[..written]);
    }

    public static bool AreValid(ReadOnlySpan<byte> name) => name.Length is > 0 and <= MostBytes && !name.ContainsAny((byte)'/', (byte)0) && Utf8.IsValid(name);
}
