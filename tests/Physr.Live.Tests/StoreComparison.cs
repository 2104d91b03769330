// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Files;
using Physr.Storage.Tests.Files;

namespace Physr.Live.Tests;

/// <summary>Compares what a store holds with what it should.</summary>
internal static class StoreComparison
{
    private const int Unit = 8;

    /// <summary>The first difference; null where there is none.</summary>
    /// <param name="store">The store.</param>
    /// <param name="model">What it should hold.</param>
    /// <param name="after">What it would hold after the operation under way; null where none is.</param>
    /// <param name="underWay">The operation: what it writes in place may be there by aligned units of 8 bytes.</param>
    public static string? Differs(FileStore store, FileModel model, FileModel? after, FileOperation? underWay)
    {
        IReadOnlyList<string> names = store.List();
        if (!names.SequenceEqual(model.Files.Keys))
        {
            return $"the files are {string.Join(' ', names)}, not {string.Join(' ', model.Files.Keys)}";
        }

        foreach ((string name, byte[] bytes) in model.Files)
        {
            store.TryOpen(name, out StoreFile? file);
            byte[] there = new byte[file!.Length];
            Errno errno = file.TryRead(0, there, out int count);
            if (errno != Errno.None || count != there.Length || there.Length != bytes.Length)
            {
                return $"{name}: {errno}, {count} bytes came of {there.Length}, and {bytes.Length} should";
            }

            bool mayTear = underWay is { Kind: FileOperation.What.Write or FileOperation.What.Punch } && underWay.Name == name;
            int wrong = FirstWrong(there, bytes, mayTear ? after!.Files[name] : bytes, underWay);
            if (wrong >= 0)
            {
                return $"{name}: byte {wrong} of {bytes.Length} is {there[wrong]:x2}, not {bytes[wrong]:x2}";
            }
        }

        return null;
    }

    private static int FirstWrong(byte[] there, byte[] before, byte[] after, FileOperation? underWay)
    {
        for (int unit = there.AsSpan().CommonPrefixLength(before) & ~(Unit - 1); unit < there.Length; unit += Unit)
        {
            int end = Math.Min(unit + Unit, there.Length);
            ReadOnlySpan<byte> found = there.AsSpan(unit..end);
            bool isWritten = underWay is not null && after.Length >= end && unit + Unit > underWay.Offset && unit < underWay.Offset + underWay.Length;
            if (!found.SequenceEqual(before.AsSpan(unit..end)) && !(isWritten && found.SequenceEqual(after.AsSpan(unit..end))))
            {
                return unit + found.CommonPrefixLength(before.AsSpan(unit..end));
            }
        }

        return -1;
    }
}
