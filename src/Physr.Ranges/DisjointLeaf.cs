// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Ranges;

/// <summary>Up to <see cref="RangeLeafSize.Entries"/> disjoint segments in address order, in one object: the starts together for the search, each end beside its value.</summary>
/// <remarks>A leaf that is in use never changes. The writer fills a spare leaf, puts it in place and keeps the old one as the next spare, so a reader can hold
/// a leaf that is being refilled. <see cref="Version"/> tells: it is odd while the leaf is being filled and larger after each filling.</remarks>
/// <typeparam name="T">The type of the values.</typeparam>
internal sealed class DisjointLeaf<T>
{
    /// <summary>Odd while the leaf is being filled; never the same again afterwards.</summary>
    public ulong Version;

    /// <summary>Segments in the leaf.</summary>
    public int Count;

    /// <summary>The first bytes, ascending; all ones in unused places.</summary>
    public StartsBuffer Starts;

    /// <summary>The ends and values, in the order of <see cref="Starts"/>.</summary>
    public TailsBuffer Tails;

    /// <summary>Makes an empty leaf.</summary>
    public DisjointLeaf() => ((Span<ulong>)Starts).Fill(ulong.MaxValue);

    /// <summary>The segment at <paramref name="index"/>; for the writer, or for a reader that validates afterwards.</summary>
    public Segment<T> this[int index] => new(Starts[index], Tails[index].End, Tails[index].Value);

    /// <summary>Announces that the leaf is about to be filled: overtaken readers must not believe what they read from now on.</summary>
    public void BeginFill()
    {
        Version |= 1;

        // The odd version becomes visible before any new content does (pairs with the read barrier in DisjointMap.TryFind).
        Volatile.WriteBarrier();
    }

    /// <summary>Declares the content whole. The release keeps every write of the filling before the even version.</summary>
    public void EndFill() => Volatile.Write(ref Version, Version + 1);

    /// <summary>Lets go of the values of a leaf that is out of use, so that a spare leaf keeps no object alive.</summary>
    public void Forget()
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            BeginFill();
            ((Span<Tail>)Tails).Clear();
        }
    }

    /// <summary>Fills the leaf with <paramref name="source"/>, of which <paramref name="removed"/> segments from <paramref name="index"/> on give way to <paramref name="added"/>.</summary>
    public void FillFrom(DisjointLeaf<T> source, int index, int removed, ReadOnlySpan<Segment<T>> added)
    {
        int rest = source.Count - index - removed;
        int after = index + added.Length;
        BeginFill();
        Span<ulong> starts = Starts;
        ReadOnlySpan<ulong> oldStarts = source.Starts;
        Span<Tail> tails = Tails;
        ReadOnlySpan<Tail> oldTails = source.Tails;
        oldStarts[..index].CopyTo(starts);
        oldTails[..index].CopyTo(tails);
        for (int i = 0; i < added.Length; i++)
        {
            starts[index + i] = added[i].Start;
            tails[index + i] = new() { End = added[i].End, Value = added[i].Value };
        }

        oldStarts.Slice(index + removed, rest).CopyTo(starts[after..]);
        oldTails.Slice(index + removed, rest).CopyTo(tails[after..]);
        int count = after + rest;
        if (count < Count)
        {
            starts[count..Count].Fill(ulong.MaxValue);
        }

        SetCount(count);
        EndFill();
    }

    /// <summary>Fills the leaf with <paramref name="source"/> and one more segment at <paramref name="index"/>.</summary>
    public void FillWith(DisjointLeaf<T> source, int index, in Segment<T> added)
    {
        if (!ShiftedCopy.Supports<Tail>())
        {
            FillFrom(source, index, 0, new(in added));
            return;
        }

        BeginFill();
        ShiftedCopy.Copy(in source.Starts[0], ref Starts[0], RangeLeafSize.Entries, index, -1);
        ShiftedCopy.Copy(in source.Tails[0], ref Tails[0], RangeLeafSize.Entries, index, -1);
        Starts[index] = added.Start;
        Tails[index] = new() { End = added.End, Value = added.Value };
        SetCount(source.Count + 1);
        EndFill();
    }

    /// <summary>Fills the leaf with <paramref name="source"/> less the segment at <paramref name="index"/>.</summary>
    public void FillWithout(DisjointLeaf<T> source, int index)
    {
        if (!ShiftedCopy.Supports<Tail>())
        {
            FillFrom(source, index, 1, []);
            return;
        }

        BeginFill();
        ShiftedCopy.Copy(in source.Starts[0], ref Starts[0], RangeLeafSize.Entries, index, 1);
        ShiftedCopy.Copy(in source.Tails[0], ref Tails[0], RangeLeafSize.Entries, index, 1);
        Starts[RangeLeafSize.Entries - 1] = ulong.MaxValue;
        SetCount(source.Count - 1);
        EndFill();
    }

    private void SetCount(int count)
    {
        Count = count;
        if (count == 0)
        {
            // A reader looks at the first place whatever the count; an end of zero there holds no address.
            Tails[0] = default;
        }
    }

    /// <summary>The end of a segment and its value: what a hit needs, in one cache line.</summary>
    internal struct Tail
    {
        /// <summary>One past the last byte.</summary>
        public ulong End;

        /// <summary>The value.</summary>
        public T Value;
    }

    /// <summary>The starts, inside the leaf; the last place stays unused, so that <see cref="ShiftedCopy"/> can read one too many.</summary>
    [InlineArray(RangeLeafSize.Entries + 1)]
    internal struct StartsBuffer
    {
        private ulong _first;
    }

    /// <summary>The tails, inside the leaf; the last place stays unused, as in <see cref="StartsBuffer"/>.</summary>
    [InlineArray(RangeLeafSize.Entries + 1)]
    internal struct TailsBuffer
    {
        private Tail _first;
    }
}
