// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Control;

/// <content>Requests without a reply: which pages to look at. What is asked of them stands in their words, and so outlives whoever had read the request.</content>
internal sealed unsafe partial class ControlBlock
{
    private const int Free = 0, Writing = 1, Posted = 2, Taken = 3;

    /// <summary>Asks for a range of pages.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many.</param>
    /// <param name="isAhead">Whether nobody waits: to be brought in when there is time.</param>
    /// <returns>False when all doorbells are taken: ring again soon.</returns>
    public bool TryRing(ulong first, uint count, bool isAhead)
    {
        for (int index = 0; index < ControlLayout.Doorbells; index++)
        {
            // SAFETY: the slot lies within the header.
            byte* slot = _base + ControlLayout.DoorbellsAt + (index * 16);
            if (Interlocked.CompareExchange(ref *(int*)slot, Writing, Free) == Free)
            {
                *(uint*)(slot + 4) = (uint)first;
                *(uint*)(slot + 8) = count;
                *(uint*)(slot + 12) = isAhead ? 1u : 0u;
                Volatile.Write(ref *(int*)slot, Posted);
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes a request. It stays in its place until <see cref="Answer"/>, so that the next pager finds it again.</summary>
    /// <param name="slot">From where to look on; then the one behind the request.</param>
    /// <param name="first">The first page, within the region.</param>
    /// <param name="count">How many, within the region; perhaps 0.</param>
    /// <param name="isAhead">Whether nobody waits.</param>
    public bool TryTake(ref int slot, out ulong first, out uint count, out bool isAhead)
    {
        for (; slot < ControlLayout.Doorbells; slot++)
        {
            // SAFETY: the slot lies within the header. What it says is cut to the region.
            byte* at = _base + ControlLayout.DoorbellsAt + (slot * 16);
            if (Interlocked.CompareExchange(ref *(int*)at, Taken, Posted) == Posted)
            {
                first = Math.Min(*(uint*)(at + 4), Pages);
                count = (uint)Math.Min(*(uint*)(at + 8), Pages - first);
                isAhead = *(uint*)(at + 12) != 0;
                slot++;
                return true;
            }
        }

        (first, count, isAhead) = (0, 0, false);
        return false;
    }

    /// <summary>Gives the place of a request back.</summary>
    /// <param name="slot">What <see cref="TryTake"/> left, less one.</param>
    public void Answer(int slot) => Volatile.Write(ref *(int*)(_base + ControlLayout.DoorbellsAt + (slot * 16)), Free);

    /// <summary>Puts requests that a dead pager had taken back in their places.</summary>
    public void Repost()
    {
        for (int index = 0; index < ControlLayout.Doorbells; index++)
        {
            Interlocked.CompareExchange(ref *(int*)(_base + ControlLayout.DoorbellsAt + (index * 16)), Posted, Taken);
        }
    }
}
