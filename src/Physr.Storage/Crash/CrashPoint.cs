// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Crash;

/// <summary>Where in a <see cref="StoreTrace"/> the power goes.</summary>
public sealed class CrashPoint
{
    private readonly StoreTrace _trace;

    internal CrashPoint(StoreTrace trace, int cut, int marks)
    {
        _trace = trace;
        Cut = cut;
        MarkCount = marks;
    }

    /// <summary>How many events happened before.</summary>
    public int Cut { get; }

    /// <summary>How many marks are among them.</summary>
    public int MarkCount { get; }

    /// <summary>The last mark before; null when there is none.</summary>
    public object? LastMark => MarkCount == 0 ? null : _trace.Marks[MarkCount - 1];

    /// <summary>A mark before the cut.</summary>
    /// <param name="index">Less than <see cref="MarkCount"/>.</param>
    public object MarkAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, MarkCount);
        return _trace.Marks[index];
    }

    /// <summary>The cut and the event before it.</summary>
    public override string ToString() => Cut == 0 ? "cut 0, before everything" : $"cut {Cut}, after '{_trace.Describe(Cut - 1)}'";
}
