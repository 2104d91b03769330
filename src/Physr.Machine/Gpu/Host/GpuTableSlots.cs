// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <summary>The entries of a level's table that a range of addresses, all in that table, touches: each with the part of the range that is its own.</summary>
internal ref struct GpuTableSlots(int level, ulong first, ulong last)
{
    private readonly ulong _span = GpuPageEntry.Span(level);
    private ulong _next = first;
    private bool _isDone;

    public (int Index, ulong First, ulong Last) Current { get; private set; }

    public readonly GpuTableSlots GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_isDone)
        {
            return false;
        }

        ulong end = Math.Min(last, _next | (_span - 1));
        Current = (GpuPageEntry.IndexOf(_next, level), _next, end);
        _isDone = end == last;
        _next = end + 1;
        return true;
    }
}
