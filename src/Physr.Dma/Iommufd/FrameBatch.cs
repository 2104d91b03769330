// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd;

/// <summary>Frames on their way from where they were found to where they go; reused, so that steady use allocates nothing. One thread at a time.</summary>
internal sealed class FrameBatch
{
    private readonly List<FrameRun> _runs = [];

    /// <summary>Runs in it.</summary>
    public int Count => _runs.Count;

    /// <summary>The runs, in the order of their pages.</summary>
    public ReadOnlySpan<FrameRun> Runs => CollectionsMarshal.AsSpan(_runs);

    /// <summary>Adds pages, as part of the last run where they continue it.</summary>
    public void Add(ulong index, ulong count, ulong frame, bool isOwned)
    {
        if (_runs.Count != 0)
        {
            FrameRun end = _runs[^1];
            if (end.Index + end.Count == index && end.Frame + end.Count == frame && end.IsOwned == isOwned)
            {
                _runs[^1] = end with { Count = end.Count + count };
                return;
            }
        }

        _runs.Add(new(index, count, frame, isOwned));
    }

    /// <summary>Forgets the first runs.</summary>
    public void DropFirst(int count) => _runs.RemoveRange(0, count);

    /// <summary>Forgets everything.</summary>
    public void Clear() => _runs.Clear();
}
