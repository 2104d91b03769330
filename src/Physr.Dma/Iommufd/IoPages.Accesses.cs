// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

internal sealed partial class IoPages
{
    private readonly Dictionary<(ulong First, ulong Last), IntervalNode<AccessSpan>> _spans = [];

    /// <summary>Pins pages for an access and keeps their frames.</summary>
    /// <param name="area">The mapping it goes through, which cannot be unmapped until the pin ends.</param>
    /// <param name="first">The first page.</param>
    /// <param name="last">The last page.</param>
    /// <param name="isLock">Whether nobody can be asked to end the pin.</param>
    /// <param name="frames">The frames are appended.</param>
    public Errno AddAccess(IoArea area, ulong first, ulong last, bool isLock, RangeListBuilder frames)
    {
        if (Source.IsDeviceMemory)
        {
            return Errno.EINVAL;
        }

        lock (_lock)
        {
            _batch.Clear();
            if (_spans.TryGetValue((first, last), out IntervalNode<AccessSpan>? node))
            {
                node.Value.Users++;
            }
            else
            {
                Errno errno = _context.Passes("access to pages") ? FindNewFrames(first, last) : Errno.ENOMEM;
                if (errno != Errno.None)
                {
                    UnpinBatch();
                    return errno;
                }

                KeepBatch();
                _spans.Add((first, last), _accesses.Insert(first, last, new()));
            }

            area.AccessCount++;
            area.LockCount += isLock ? 1 : 0;
            CopyKeptFrames(first, last);
            foreach (FrameRun run in _batch.Runs)
            {
                frames.Append(run.Bytes);
            }

            _batch.Clear();
            return Errno.None;
        }
    }

    /// <summary>Ends what one <see cref="AddAccess"/> of the same pages began.</summary>
    public void RemoveAccess(IoArea area, ulong first, ulong last, bool isLock)
    {
        lock (_lock)
        {
            bool found = _spans.TryGetValue((first, last), out IntervalNode<AccessSpan>? node);
            Check(found && area.AccessCount > 0, "more pins of an access ended than began");
            area.AccessCount--;
            area.LockCount -= isLock ? 1 : 0;
            if (--node!.Value.Users != 0)
            {
                return;
            }

            _spans.Remove((first, last));
            _accesses.Remove(node);
            for (ulong index = first; index <= last;)
            {
                IntervalNode<AccessSpan>? other = _accesses.First(index, last);
                if (other is not null && other.First <= index)
                {
                    index = other.Last + 1;
                    continue;
                }

                ulong end = other is null ? last : other.First - 1;
                ForgetFrames(index, end);
                index = end + 1;
            }
        }
    }

    /// <summary>Puts the frames of those pages into the batch that no access has kept yet.</summary>
    private Errno FindNewFrames(ulong first, ulong last)
    {
        Errno errno = Errno.None;
        for (ulong index = first; errno == Errno.None && index <= last;)
        {
            IntervalNode<AccessSpan>? kept = _accesses.First(index, last);
            if (kept is not null && kept.First <= index)
            {
                index = kept.Last + 1;
                continue;
            }

            errno = FindFrames(index, kept is null ? last : kept.First - 1, out index);
        }

        return errno;
    }

    /// <summary>Keeps the frames of pages no longer that no access covers; those in no domain either are unpinned.</summary>
    private void ForgetFrames(ulong index, ulong last)
    {
        while (index <= last)
        {
            IntervalNode<IoArea>? filled = _filled.First(index, last);
            bool isFilled = filled is not null && filled.First <= index;
            ulong end = isFilled ? Math.Min(last, filled!.Last) : filled is null ? last : filled.First - 1;
            _batch.Clear();
            TakeKeptFrames(index, end);
            if (isFilled)
            {
                _batch.Clear();
            }
            else
            {
                UnpinBatch();
            }

            index = end + 1;
        }
    }
}
