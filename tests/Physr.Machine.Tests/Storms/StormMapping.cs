// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Tests.Storms;

/// <summary>Something mapped for a device, in whatever form.</summary>
/// <param name="Client">The device's number.</param>
/// <param name="Pieces">Its bytes.</param>
/// <param name="End">Unmaps.</param>
internal sealed record StormMapping(int Client, IReadOnlyList<StormPiece> Pieces, Action End)
{
    /// <summary>Cuts a list's memory and its addresses where either changes.</summary>
    public static List<StormPiece> Cut(IEnumerable<(StormMemory Memory, ulong Offset, ulong Length)> memory, IEnumerable<DmaEntry> addresses)
    {
        List<StormPiece> pieces = [];
        using IEnumerator<DmaEntry> entries = addresses.GetEnumerator();
        DmaEntry entry = default;
        ulong used = 0;
        foreach ((StormMemory of, ulong offset, ulong length) in memory)
        {
            for (ulong done = 0; done < length;)
            {
                if (used == entry.Range.Length)
                {
                    Assert.True(entries.MoveNext(), "the device's list is shorter than the memory");
                    entry = entries.Current;
                    used = 0;
                }

                ulong part = Math.Min(length - done, entry.Range.Length - used);
                pieces.Add(new(of, offset + done, entry.Range.Slice(used, part), entry.IsBusAddress));
                done += part;
                used += part;
            }
        }

        Assert.True(used == entry.Range.Length && !entries.MoveNext(), "the device's list is longer than the memory");
        return pieces;
    }
}
