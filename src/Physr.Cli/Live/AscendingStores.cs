// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Cli.Live;

/// <summary>Copies by ascending aligned units of 8 bytes, each stored at once and none before its forerunner: what <see cref="Storage.PersistentMemory"/> promises of a store, which ordinary
/// copies do not keep (they may well store the end first). A process that is killed within one leaves a prefix of it.</summary>
internal static class AscendingStores
{
    private const int Unit = sizeof(ulong);

    /// <summary>Copies.</summary>
    /// <param name="source">The bytes; they may lie at any address.</param>
    /// <param name="target">Where they go: as long.</param>
    /// <param name="misalignment">How far after a multiple of 8 the target begins.</param>
    public static void Copy(ReadOnlySpan<byte> source, Span<byte> target, int misalignment)
    {
        int head = Math.Min(source.Length, misalignment == 0 ? 0 : Unit - misalignment);
        CopyBytes(source[..head], target);
        Span<ulong> units = MemoryMarshal.Cast<byte, ulong>(target[head..]);
        ReadOnlySpan<byte> rest = source[head..];
        for (int i = 0; i < units.Length; i++)
        {
            Volatile.Write(ref units[i], MemoryMarshal.Read<ulong>(rest[(i * Unit)..]));
        }

        int tail = units.Length * Unit;
        CopyBytes(rest[tail..], target[(head + tail)..]);
    }

    private static void CopyBytes(ReadOnlySpan<byte> source, Span<byte> target)
    {
        for (int i = 0; i < source.Length; i++)
        {
            Volatile.Write(ref target[i], source[i]);
        }
    }
}
