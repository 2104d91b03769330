// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers;

namespace Physr.Ranges;

/// <summary>Collects runs into packed words. The last run stays open, unpacked, so that an adjacent one with the same tag grows it in place.</summary>
internal sealed class PackedRunsBuilder
{
    private ulong[] _words = [];
    private int _used;
    private int _entries;
    private ulong _length;
    private ulong _openAddress;
    private ulong _openLength;
    private uint _openTag;

    public ulong Length => _length;

    public int EntryCount => _entries + (_openLength != 0 ? 1 : 0);

    /// <summary>Makes room, so that this many further entries of any form need no allocation.</summary>
    public void Preload(int entries)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(entries);
        int needed = checked(_used + ((entries + 1) * PackedEntry.MaxWords));
        if (needed > _words.Length)
        {
            Grow(needed);
        }
    }

    public void Append(ulong address, ulong length, uint tag)
    {
        if (length == 0 || TryExtend(address, length, tag))
        {
            return;
        }

        if (_words.Length - _used < PackedEntry.MaxWords)
        {
            Grow(Math.Max(64, _words.Length * 2));
        }

        Open(address, length, tag);
    }

    /// <summary>As <see cref="Append"/>, but never allocates: ENOSPC where the preloaded room is used up, and the list is as before.</summary>
    public Errno TryAppendPreloaded(ulong address, ulong length, uint tag)
    {
        if (length == 0 || TryExtend(address, length, tag))
        {
            return Errno.None;
        }

        // Two entries' room: one for the open run that is packed now, one for this run, which must be packable later without growing.
        if (_words.Length - _used < (_openLength != 0 ? 2 : 1) * PackedEntry.MaxWords)
        {
            return Errno.ENOSPC;
        }

        Open(address, length, tag);
        return Errno.None;
    }

    public PackedRuns Build()
    {
        if (EntryCount == 0)
        {
            return PackedRuns.Empty;
        }

        if (_words.Length - _used < PackedEntry.MaxWords)
        {
            Grow(_used + PackedEntry.MaxWords);
        }

        PackOpen();
        PackedRuns runs = new(_words.AsSpan(0, _used).ToArray(), _entries, _length);
        Clear();
        return runs;
    }

    public void Clear()
    {
        _used = 0;
        _entries = 0;
        _length = 0;
        _openLength = 0;
    }

    public void Release()
    {
        Clear();
        if (_words.Length != 0)
        {
            ArrayPool<ulong>.Shared.Return(_words);
            _words = [];
        }
    }

    private bool TryExtend(ulong address, ulong length, uint tag)
    {
        if (address + length < address)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, $"A range from 0x{address:x} of this length leaves the 64-bit address space.");
        }

        _length = checked(_length + length);
        if (_openLength != 0 && tag == _openTag && address == _openAddress + _openLength)
        {
            _openLength += length;
            return true;
        }

        _length -= length;
        return false;
    }

    private void Open(ulong address, ulong length, uint tag)
    {
        PackOpen();
        _length += length;
        _openAddress = address;
        _openLength = length;
        _openTag = tag;
    }

    private void PackOpen()
    {
        if (_openLength != 0)
        {
            _used += PackedEntry.Write(_words.AsSpan(_used), _openAddress, _openLength, _openTag);
            _entries++;
            _openLength = 0;
        }
    }

    private void Grow(int words)
    {
        ulong[] bigger = ArrayPool<ulong>.Shared.Rent(words);
        _words.AsSpan(0, _used).CopyTo(bigger);
        if (_words.Length != 0)
        {
            ArrayPool<ulong>.Shared.Return(_words);
        }

        _words = bigger;
    }
}
