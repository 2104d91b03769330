// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges.Tests;

/// <summary>The reader's second look, step by step: each thing that a writer can do between two steps of a reader, which a race would meet too seldom.</summary>
public class DisjointLeafTests
{
    private readonly DisjointLeaf<int> _leaf = new();
    private readonly DisjointLeaf<int> _other = new();
    private DisjointChunk<int>.Place _place;

    public DisjointLeafTests()
    {
        _leaf.FillWith(_other, 0, new(0x10, 0x20, 1));
        _place = new() { Leaf = _leaf };
    }

    [Fact]
    public void AnUndisturbedReader_IsRight() => Assert.True(DisjointMap<int>.IsStill(_leaf, _leaf.Version, ref _place));

    [Fact]
    public void AReplacedLeaf_IsNotBelieved_EvenIfNobodyRefilledIt()
    {
        ulong version = _leaf.Version;
        _place.Leaf = _other;
        Assert.False(DisjointMap<int>.IsStill(_leaf, version, ref _place));
    }

    [Fact]
    public void ALeafThatIsBeingRefilled_IsNotBelieved()
    {
        _leaf.BeginFill();
        Assert.False(DisjointMap<int>.IsStill(_leaf, _leaf.Version, ref _place));
    }

    [Fact]
    public void ALeafWhoseRefillingBeganDuringTheRead_IsNotBelieved()
    {
        ulong version = _leaf.Version;
        _leaf.BeginFill();
        Assert.False(DisjointMap<int>.IsStill(_leaf, version, ref _place));
    }

    [Fact]
    public void ALeafThatWasRefilledAndCameBackToItsPlace_IsNotBelieved()
    {
        ulong version = _leaf.Version;
        _leaf.FillWithout(_leaf, 0);
        Assert.False(DisjointMap<int>.IsStill(_leaf, version, ref _place));
    }

    [Fact]
    public void AReadThatBeganInAFilling_IsNotBelievedAfterIt()
    {
        _leaf.BeginFill();
        ulong version = _leaf.Version;
        _leaf.EndFill();
        Assert.False(DisjointMap<int>.IsStill(_leaf, version, ref _place));
    }

    [Fact]
    public void ALeafInAChunkThatWasReplaced_IsNotBelieved()
    {
        ulong version = _leaf.Version;
        _place.Leaf = null;
        Assert.False(DisjointMap<int>.IsStill(_leaf, version, ref _place));
    }

    [Fact]
    public void EveryPlaceOfAFullLeaf_TakesAndGivesUpASegment()
    {
        for (int count = 0; count < RangeLeafSize.Entries; count++)
        {
            DisjointLeaf<int> source = new();
            source.FillFrom(source, 0, 0, [.. Enumerable.Range(0, count).Select(i => new Segment<int>((ulong)i * 10, ((ulong)i * 10) + 5, i))]);
            for (int index = 0; index <= count; index++)
            {
                DisjointLeaf<int> with = new();
                with.FillWith(source, index, new(((ulong)index * 10) - 3, ((ulong)index * 10) - 1, -1));
                Assert.Equal(count + 1, with.Count);
                Assert.Equal(-1, with[index].Value);
                DisjointLeaf<int> back = new();
                back.FillWithout(with, index);
                Assert.Equal(count, back.Count);
                for (int i = 0; i < RangeLeafSize.Entries; i++)
                {
                    Assert.Equal(source.Starts[i], back.Starts[i]);
                    Assert.True(i >= count || source[i] == back[i]);
                }
            }
        }
    }
}
