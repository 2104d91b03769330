// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Crash;

/// <summary>What is durable and what is pending as a trace goes by. The images of the media are the scratch: they show what is durable and the chosen part of what is pending.</summary>
internal sealed class PendingStores
{
    private readonly StoreTrace _trace;
    private readonly byte[][] _durable;
    private readonly PendingLine?[][] _byLine;

    public PendingStores(StoreTrace trace)
    {
        _trace = trace;
        Images = [.. trace.Media.Select(static medium => new CrashImage(medium))];
        _durable = [.. trace.Media.Select(static medium => medium.Durable.ToArray())];
        _byLine = [.. _durable.Select(static bytes => new PendingLine?[bytes.Length / PersistentMemory.LineBytes])];
    }

    /// <summary>The media as a checker sees them.</summary>
    public CrashImage[] Images { get; }

    /// <summary>The lines with pending stores, oldest first.</summary>
    public List<PendingLine> Lines { get; } = [];

    /// <summary>How many states are reachable, or more than <paramref name="most"/>.</summary>
    /// <param name="fixedLine">A line that has no choice; null is none.</param>
    /// <param name="most">Where counting ends.</param>
    public long StateCount(PendingLine? fixedLine, long most)
    {
        long count = 1;
        foreach (PendingLine line in Lines)
        {
            count *= line == fixedLine ? 1 : line.Count + 1;
            if (count > most)
            {
                break;
            }
        }

        return count;
    }

    /// <summary>Takes the next event.</summary>
    /// <returns>The line that a store is pending in; null for other events, and for a store that is durable at once.</returns>
    public PendingLine? Apply(TraceEvent what)
    {
        switch (what.Kind)
        {
            case TraceEventKind.Store:
                return Store(what.Medium, (int)what.Offset, what.Value);
            case TraceEventKind.Flush:
                Flush(what.Medium, what.Offset, what.Value);
                break;
            case TraceEventKind.Fence:
                Fence(what.Medium);
                break;
            case TraceEventKind.Mark:
            default:
                break;
        }

        return null;
    }

    public void Show(PendingLine line, int count) => line.Show(count, Images[line.Medium].Bytes, _durable[line.Medium]);

    public void ShowNothing()
    {
        foreach (PendingLine line in Lines)
        {
            Show(line, 0);
        }
    }

    private PendingLine? Store(int medium, int at, ulong value)
    {
        if (_trace.Media[medium].Granularity == PersistenceGranularity.Store)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_durable[medium].AsSpan(at), value);
            BinaryPrimitives.WriteUInt64LittleEndian(Images[medium].Bytes.AsSpan(at), value);
            return null;
        }

        ref PendingLine? line = ref _byLine[medium][at / PersistentMemory.LineBytes];
        if (line is null)
        {
            line = new(medium, at / PersistentMemory.LineBytes);
            Lines.Add(line);
        }

        line.Add(at, value);
        return line;
    }

    private void Flush(int medium, ulong offset, ulong length)
    {
        ulong unit = _trace.Media[medium].Granularity == PersistenceGranularity.Page ? PageSize.Size4K : PersistentMemory.LineBytes;
        PendingLine?[] lines = _byLine[medium];
        int first = (int)(Alignment.Down(offset, unit) / PersistentMemory.LineBytes);
        int end = Math.Min(lines.Length, (int)(Alignment.Up(offset + length, unit) / PersistentMemory.LineBytes));
        for (int i = first; i < end; i++)
        {
            if (lines[i] is { } line)
            {
                line.Flushed = line.Count;
            }
        }
    }

    private void Fence(int medium)
    {
        int kept = 0;
        for (int i = 0; i < Lines.Count; i++)
        {
            PendingLine line = Lines[i];
            if (line.Flushed != 0 && (medium < 0 || medium == line.Medium))
            {
                line.Fence(Images[line.Medium].Bytes, _durable[line.Medium]);
            }

            if (line.Count == 0)
            {
                _byLine[line.Medium][line.Offset / PersistentMemory.LineBytes] = null;
            }
            else
            {
                Lines[kept++] = line;
            }
        }

        Lines.RemoveRange(kept, Lines.Count - kept);
    }
}
