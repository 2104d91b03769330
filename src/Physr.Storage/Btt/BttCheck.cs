// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Collections;

namespace Physr.Storage.Btt;

/// <summary>Looking through a translation table without storing anything (<c>ndctl check-namespace</c>).</summary>
public static class BttCheck
{
    /// <summary>Most problems that are told one by one.</summary>
    public const int MostProblems = 100;

    /// <summary>Looks: info blocks and their copies, the flog, and that each block has exactly one owner, a sector or a free place.</summary>
    /// <param name="medium">The namespace's bytes.</param>
    /// <param name="parent">The namespace; empty accepts any.</param>
    public static BttReport Run(PersistentMemory medium, Guid parent = default)
    {
        ArgumentNullException.ThrowIfNull(medium);
        List<string> problems = [];
        Errno errno = BttDevice.TryFindArenas(medium, parent, out List<BttArena> arenas, out string reason);
        if (errno != Errno.None)
        {
            problems.Add(reason);
        }

        int unfinished = 0;
        ulong at = 0;
        foreach (BttArena arena in arenas)
        {
            CheckInfo(medium, at, arena, problems);
            unfinished += CheckOwners(at, arena, problems);
            at += arena.Info.Layout.NextOffset;
        }

        return new(arenas.Count, arenas.Aggregate(0UL, static (sum, arena) => sum + arena.Sectors), unfinished, problems);
    }

    private static void CheckInfo(PersistentMemory medium, ulong at, BttArena arena, List<string> problems)
    {
        if (arena.IsFromCopy)
        {
            problems.Add($"the info block of the arena at {at} is damaged; its copy stands in");
            return;
        }

        if (arena.Info.HasError)
        {
            problems.Add($"the arena at {at} says that it has failed: it is read-only");
        }

        Errno errno = BttInfoBlock.TryRead(medium, at + arena.Info.Layout.CopyOffset, medium.Length - at, arena.Info.ParentUuid, out BttInfoBlock? copy, out string reason);
        if (errno != Errno.None || copy != arena.Info)
        {
            problems.Add($"the copy of the info block of the arena at {at} {(errno != Errno.None ? $"is damaged: {reason}" : "says something else than the block")}");
        }
    }

    private static int CheckOwners(ulong at, BttArena arena, List<string> problems)
    {
        BttLayout layout = arena.Info.Layout;
        BitArray owned = new((int)layout.Blocks);
        Dictionary<uint, uint> finished = [];
        for (int lane = 0; lane < arena.LaneCount && problems.Count < MostProblems; lane++)
        {
            if (arena.TryReadFlog(lane, out BttFlogEntry entry, out BttMapEntry map, out string reason) != Errno.None)
            {
                problems.Add(reason);
                continue;
            }

            Own(entry.OldBlock, $"free block {lane}");
            if (BttArena.IsUnfinished(entry, map))
            {
                finished[entry.Sector] = entry.NewBlock;
            }
        }

        for (uint sector = 0; sector < layout.Sectors && problems.Count < MostProblems; sector++)
        {
            if (arena.TryReadMapEntry(sector, out BttMapEntry entry) != Errno.None)
            {
                problems.Add($"the map entry of sector {sector} in the arena at {at} is lost");
                continue;
            }

            Own(finished.TryGetValue(sector, out uint block) ? block : entry.BlockOf(sector), $"sector {sector}");
        }

        return finished.Count;

        void Own(uint block, string owner)
        {
            if (block >= layout.Blocks)
            {
                problems.Add($"{owner} of the arena at {at} names block {block} of {layout.Blocks}");
            }
            else if (owned[(int)block])
            {
                problems.Add($"block {block} of the arena at {at} has two owners; one is {owner}");
            }
            else
            {
                owned[(int)block] = true;
            }
        }
    }
}
