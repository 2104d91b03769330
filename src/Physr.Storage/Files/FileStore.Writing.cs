// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

public sealed partial class FileStore
{
    private readonly List<Extent> _inPlace = [];
    private readonly List<Extent> _new = [];
    private readonly List<Extent> _taken = [];

    /// <summary>Writes to a file, and makes it longer; gives pages blocks of their own where they have none.</summary>
    /// <param name="node">The file.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="source">The bytes; empty where only pages or the length matter.</param>
    /// <param name="pages">The pages to give blocks to: those of the bytes, or more.</param>
    /// <param name="length">The least that the file is long afterwards.</param>
    /// <param name="durability">Of bytes that are written in place.</param>
    private Errno Write(FileNode node, ulong offset, ReadOnlySpan<byte> source, (ulong From, ulong To) pages, ulong length, WriteDurability durability)
    {
        Errno errno = MayChange(node);
        if (errno != Errno.None)
        {
            return errno;
        }

        // What lies behind the old end in its block is nobody's business, and becomes zero before the file reaches over it.
        ulong old = node.Length;
        ulong gapPage = old >> PageSize.Shift4K;
        bool hasGap = length > old && old % BlockBytes != 0 && node.Extents.TryFind(gapPage, out _);
        _inPlace.Clear();
        _new.Clear();
        if (hasGap && (gapPage < pages.From || gapPage >= pages.To))
        {
            Plan(node, gapPage, gapPage + 1);
        }

        Plan(node, pages.From, pages.To);
        errno = Take(node);
        for (int i = 0; errno == Errno.None && i < _new.Count; i++)
        {
            errno = BeforeExtentsGo(node, _new[i].Page, _new[i].Count);
        }

        bool isLonger = length > old;
        bool flushes = durability == WriteDurability.Durable || isLonger;
        bool isDirty = _taken.Count != 0;
        for (int i = 0; errno == Errno.None && i < _inPlace.Count; i++)
        {
            errno = Overwrite(_inPlace[i], offset, source, hasGap ? (old, Math.Min(length, (gapPage + 1) * BlockBytes)) : default, flushes, ref isDirty);
        }

        for (int i = 0; errno == Errno.None && i < _taken.Count; i++)
        {
            errno = Fill(node, _taken[i], offset, source);
        }

        if (errno == Errno.None && isDirty && flushes | _taken.Count != 0)
        {
            errno = _device.TryFence();
            errno = errno == Errno.None ? errno : Fail($"fence after data: {errno}");
        }

        foreach (Extent extent in _taken)
        {
            // Nobody owns them until the record says so.
            _state.Blocks.Remove(extent.Block, extent.Count);
        }

        return errno == Errno.None ? CommitWrite(node, Math.Max(old, length)) : errno;
    }

    internal Errno WriteLocked(FileNode node, ulong offset, ReadOnlySpan<byte> source, (ulong From, ulong To) pages, ulong length, WriteDurability durability)
    {
        lock (_lock)
        {
            return Write(node, offset, source, pages, length, durability);
        }
    }

    internal Errno AllocateBlock(FileNode node, ulong page, out ulong deviceOffset)
    {
        lock (_lock)
        {
            deviceOffset = 0;
            Errno errno = !IsThere(node) ? Errno.EBADF : page >= node.Pages ? Errno.ENXIO : Write(node, 0, default, (page, page + 1), 0, WriteDurability.Durable);
            if (errno == Errno.None)
            {
                FindBlock(node, page, out deviceOffset, out _);
            }

            return errno;
        }
    }

    /// <summary>Sorts pages into those whose blocks can be written in place and those that need new ones.</summary>
    private void Plan(FileNode node, ulong page, ulong end)
    {
        while (page < end)
        {
            bool isThere = node.Extents.TryFind(page, out Extent rest);
            ulong count = Math.Min(rest.Count, end - page);
            count = isThere ? _state.Blocks.RunOfSharing(rest.Block, count) : count;
            (isThere && !_state.Blocks.IsShared(rest.Block) ? _inPlace : _new).Add(rest with { Count = count });
            page += count;
        }
    }

    /// <summary>Takes blocks for the pages that need new ones.</summary>
    private Errno Take(FileNode node)
    {
        _taken.Clear();
        ulong wanted = 0;
        ulong copied = 0;
        foreach (Extent run in _new)
        {
            copied += run.Block != 0 ? 1UL : 0;
            wanted += Math.Min(run.Count, ulong.MaxValue - wanted);
        }

        if (wanted > (ulong)_state.Blocks.Free)
        {
            return Errno.ENOSPC;
        }

        foreach (Extent run in _new)
        {
            ulong goal = run.Page != 0 && node.Extents.TryFind(run.Page - 1, out Extent before) ? before.Block + 1 : 0;
            _state.Blocks.Take(run.Page, run.Count, goal, _taken);
        }

        // What is copied may come out of the middle of an extent, which is two then.
        if (_state.HasRoom((ulong)_taken.Count + copied))
        {
            return Errno.None;
        }

        foreach (Extent extent in _taken)
        {
            _state.Blocks.Remove(extent.Block, extent.Count);
        }

        _taken.Clear();
        return Errno.ENOSPC;
    }

    /// <summary>Writes to blocks that the file has alone.</summary>
    private Errno Overwrite(Extent run, ulong offset, ReadOnlySpan<byte> source, (ulong From, ulong To) gap, bool flushes, ref bool isDirty)
    {
        ulong start = run.Page * BlockBytes;
        ulong end = run.End * BlockBytes;
        ulong from = Math.Max(start, offset);
        ulong to = Math.Min(end, offset + (ulong)source.Length);
        Errno errno = Errno.None;
        ulong gapTo = source.IsEmpty || offset >= gap.To ? gap.To : Math.Max(gap.From, offset);
        if (gap.From < gapTo && gap.From >= start && gap.From < end)
        {
            errno = Store((run.Block * BlockBytes) + (gap.From - start), s_zeros.AsSpan(0, (int)(gapTo - gap.From)), true);
            isDirty = true;
        }

        if (errno == Errno.None && from < to)
        {
            errno = Store((run.Block * BlockBytes) + (from - start), source.Slice((int)(from - offset), (int)(to - from)), flushes);
            isDirty = true;
        }

        return errno;
    }

    /// <summary>Writes all of blocks that nobody has yet: the new bytes, and around them what the file has there.</summary>
    private Errno Fill(FileNode node, Extent taken, ulong offset, ReadOnlySpan<byte> source)
    {
        Span<byte> block = stackalloc byte[(int)BlockBytes];
        ulong sourceEnd = offset + (ulong)source.Length;
        for (ulong page = taken.Page; page < taken.End;)
        {
            ulong start = page * BlockBytes;
            ulong at = (taken.Block + (page - taken.Page)) * BlockBytes;
            ulong whole = offset <= start && sourceEnd > start ? Math.Min(taken.End - page, (sourceEnd - start) / BlockBytes) : 0;
            Errno errno;
            if (whole != 0)
            {
                errno = Store(at, source.Slice((int)(start - offset), (int)(whole * BlockBytes)), false);
            }
            else
            {
                ulong from = Math.Clamp(offset, start, start + BlockBytes);
                ulong to = Math.Clamp(sourceEnd, from, start + BlockBytes);
                errno = ReadOld(node, page, from, to, block);
                if (from < to)
                {
                    source.Slice((int)(from - offset), (int)(to - from)).CopyTo(block[(int)(from - start)..]);
                }

                errno = errno == Errno.None ? Store(at, block, false) : errno;
                whole = 1;
            }

            if (errno != Errno.None)
            {
                return errno;
            }

            page += whole;
        }

        return Flush(taken.Block * BlockBytes, taken.Count * BlockBytes);
    }

    /// <summary>Reads a page as the file has it, without the part that is written anyway: lost bytes there do no harm.</summary>
    private Errno ReadOld(FileNode node, ulong page, ulong writtenFrom, ulong writtenTo, Span<byte> block)
    {
        block.Clear();
        ulong start = page * BlockBytes;
        if (start >= node.Length || !node.Extents.TryFind(page, out Extent old))
        {
            return Errno.None;
        }

        int valid = (int)Math.Min(node.Length - start, BlockBytes);
        bool isWritten = writtenFrom < writtenTo;
        int before = isWritten ? Math.Min(valid, (int)(writtenFrom - start)) : valid;
        int after = isWritten ? Math.Min(valid, (int)(writtenTo - start)) : valid;
        Errno errno = _device.TryRead(old.Block * BlockBytes, block[..before]);
        return errno == Errno.None ? _device.TryRead((old.Block * BlockBytes) + (ulong)after, block[after..valid]) : errno;
    }

    /// <summary>Stores bytes of data; bytes that were lost are good again where whole blocks of 512 are written.</summary>
    private Errno Store(ulong at, ReadOnlySpan<byte> bytes, bool flushes)
    {
        Errno errno = _device.TryClearErrors(at, (ulong)bytes.Length, out _);
        errno = errno == Errno.None ? _device.TryWrite(at, bytes) : errno;
        return errno == Errno.None && flushes ? Flush(at, (ulong)bytes.Length) : errno;
    }

    private Errno Flush(ulong at, ulong length)
    {
        Errno errno = _device.TryFlush(at, length);
        return errno == Errno.None ? errno : Fail($"flush of bytes {at} to {at + length}: {errno}");
    }

    /// <summary>Says whose the new blocks are, and how long the file is, in one record: there is room for it, for there is room for as much in a checkpoint.</summary>
    private Errno CommitWrite(FileNode node, ulong length)
    {
        if (_taken.Count == 0 && length == node.Length)
        {
            return Errno.None;
        }

        _record.Clear();
        if (length != node.Length)
        {
            _record.SetLength(node.Id, length);
        }

        foreach (Extent extent in _taken)
        {
            _record.Map(node.Id, extent);
        }

        return Commit();
    }
}
