// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using System.Text.Unicode;

namespace Physr.Paging.Control;

/// <content>The last failures, for the exception that a lease throws.</content>
internal sealed unsafe partial class ControlBlock
{
    private const int ReasonAt = 24;

    private readonly Lock _failing = new();

    /// <summary>Notes that a page could not be filled or written back. The oldest of the kept ones goes.</summary>
    public void NoteFailure(ulong page, Errno errno, string reason)
    {
        lock (_failing)
        {
            // SAFETY: the slot lies within the header; the reason is cut to the slot.
            long count = Counted(RegionCounter.Poisonings) + Counted(RegionCounter.WriteFailures);
            byte* slot = _base + ControlLayout.FailuresAt + ((ulong)count % ControlLayout.Failures * ControlLayout.FailureBytes);
            Volatile.Write(ref *(long*)slot, 0);
            *(ulong*)(slot + 8) = page;
            *(int*)(slot + 16) = (int)errno;
            Span<byte> text = new(slot + ReasonAt, ControlLayout.FailureBytes - ReasonAt);
            text.Clear();
            _ = Utf8.FromUtf16(reason, text, out _, out int written);
            *(int*)(slot + 20) = written;
            Volatile.Write(ref *(long*)slot, count + 1);
        }
    }

    /// <summary>The newest kept failure in a range of pages.</summary>
    /// <returns>Whether there is one.</returns>
    public bool TryFindFailure(ulong first, ulong count, out ulong page, out Errno errno, out string reason)
    {
        long newest = 0;
        page = 0;
        errno = Errno.EIO;
        reason = "";
        for (int index = 0; index < ControlLayout.Failures; index++)
        {
            // SAFETY: the slot lies within the header; its length is cut to the slot.
            byte* slot = _base + ControlLayout.FailuresAt + (index * ControlLayout.FailureBytes);
            long sequence = Volatile.Read(ref *(long*)slot);
            ulong at = *(ulong*)(slot + 8);
            if (sequence <= newest || at < first || at - first >= count)
            {
                continue;
            }

            newest = sequence;
            page = at;
            errno = (Errno)(*(int*)(slot + 16));
            reason = Encoding.UTF8.GetString(slot + ReasonAt, Math.Clamp(*(int*)(slot + 20), 0, ControlLayout.FailureBytes - ReasonAt));
        }

        return newest != 0;
    }
}
