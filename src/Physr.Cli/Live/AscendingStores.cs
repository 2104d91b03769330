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
    /// <param name="units">The units that they go to, whole.</param>
    /// <param name="skipped">How many bytes of the first unit come before them: 0 to 7.</param>
    public static void Copy(ReadOnlySpan<byte> source, Span<ulong> units, int skipped)
    {
        int done = 0;
        for (int i = 0; done < source.Length; i++)
        {
            int into = i == 0 ? skipped : 0;
            int count = Math.Min(Unit - into, source.Length - done);
            if (count == Unit)
            {
                Volatile.Write(ref units[i], MemoryMarshal.Read<ulong>(source[done..]));
            }
            else
            {
                Merge(ref units[i], source.Slice(done, count), into);
            }

            done += count;
        }
    }

    /// <summary>Stores a part of a unit as one store; what somebody else stores to the rest of it meanwhile stays.</summary>
    private static void Merge(ref ulong unit, ReadOnlySpan<byte> part, int into)
    {
        ulong before;
        ulong after;
        do
        {
            before = Volatile.Read(ref unit);
            after = before;
            part.CopyTo(MemoryMarshal.AsBytes(new Span<ulong>(ref after))[into..]);
        }
        while (Interlocked.CompareExchange(ref unit, after, before) != before);
    }
}
