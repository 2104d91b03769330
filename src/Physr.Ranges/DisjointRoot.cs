// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>The top level: the chunks with the lowest address each answers for; the first answers from zero.</summary>
/// <typeparam name="T">The type of the values.</typeparam>
internal sealed class DisjointRoot<T>
{
    /// <summary>Makes a root of chunks in address order.</summary>
    public DisjointRoot(ReadOnlySpan<Place> chunks)
    {
        ulong[] lows = new ulong[chunks.Length];
        for (int i = 0; i < lows.Length; i++)
        {
            lows[i] = chunks[i].Chunk.StartOf(0);
        }

        Bounds = new(lows);
        Chunks = chunks.ToArray();
    }

    /// <summary>The lowest address of each chunk.</summary>
    public LowerBounds Bounds { get; }

    /// <summary>The chunks.</summary>
    public Place[] Chunks { get; }

    /// <summary>Where a chunk is put; a struct for the reason given at <see cref="DisjointChunk{T}.Place"/>.</summary>
    internal struct Place
    {
        /// <summary>The chunk in use.</summary>
        public DisjointChunk<T> Chunk;
    }
}
