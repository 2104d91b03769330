// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Crash;

/// <summary>One log of everything that several media see: stores, flushes, fences, and marks of their user. <see cref="CrashStates"/> cuts the power after each event of it.</summary>
/// <remarks>A store of what is there already changes nothing and is not logged. Not for several threads at once: a log has one order.</remarks>
/// <param name="isFenceGlobal">Whether a fence covers every medium, as a CPU's does; else only the medium it was asked of.</param>
public sealed class StoreTrace(bool isFenceGlobal = true)
{
    private readonly List<TraceEvent> _events = [];
    private readonly List<object> _marks = [];
    private readonly List<TracedMedia> _media = [];

    /// <summary>The media, in the order they joined.</summary>
    public IReadOnlyList<TracedMedia> Media => _media;

    /// <summary>What happened since the trace, or <see cref="Begin"/>.</summary>
    public IReadOnlyList<TraceEvent> Events => _events;

    /// <summary>What the user said, in order.</summary>
    public IReadOnlyList<object> Marks => _marks;

    /// <summary>Forgets the log and takes what the media hold now as durable: call it when the set-up is done.</summary>
    public void Begin()
    {
        _events.Clear();
        _marks.Clear();
        foreach (TracedMedia medium in _media)
        {
            medium.Settle();
        }
    }

    /// <summary>Says something about the program: what it was promised so far (<c>write 7 acknowledged</c>). A cut after it sees it.</summary>
    public void Mark(object mark)
    {
        ArgumentNullException.ThrowIfNull(mark);
        _events.Add(new(TraceEventKind.Mark, -1, 0, (ulong)_marks.Count));
        _marks.Add(mark);
    }

    /// <summary>An event in words.</summary>
    /// <param name="index">Its place in <see cref="Events"/>.</param>
    public string Describe(int index)
    {
        TraceEvent what = _events[index];
        string where = what.Medium < 0 ? "all media" : _media[what.Medium].Name;
        return what.Kind switch
        {
            TraceEventKind.Store => $"store {where} {what.Offset:x}: {what.Value:x16}",
            TraceEventKind.Flush => $"flush {where} {what.Offset:x}+{what.Value:x}",
            TraceEventKind.Fence => $"fence {where}",
            _ => $"mark {_marks[(int)what.Value]}",
        };
    }

    internal int Join(TracedMedia medium)
    {
        if (_events.Count != 0)
        {
            throw new PhysrException("trace medium", medium.Name, Errno.EBUSY, "the log has begun: trace every medium first, or call Begin");
        }

        _media.Add(medium);
        return _media.Count - 1;
    }

    internal void Store(int medium, ulong offset, ulong value) => _events.Add(new(TraceEventKind.Store, medium, offset, value));

    internal void Flush(int medium, ulong offset, ulong length) => _events.Add(new(TraceEventKind.Flush, medium, offset, length));

    internal void Fence(int medium) => _events.Add(new(TraceEventKind.Fence, isFenceGlobal ? -1 : medium, 0, 0));
}
