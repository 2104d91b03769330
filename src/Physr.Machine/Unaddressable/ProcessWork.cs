// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Unaddressable;

/// <summary>What a process's data is, before and after the GPU worked on it: words from the seed, and a list whose nodes lie scattered over them. Both are made block by block, in order, and neither
/// from what the machine holds.</summary>
internal sealed class ProcessWork
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 2 << 20;

    /// <summary>Words of a node's payload.</summary>
    public const int PayloadWords = 4;

    private const int NodeWords = 2 + PayloadWords;

    private readonly ulong _seed;
    private readonly ulong[] _offsets;
    private readonly ulong[] _built;
    private readonly ulong[] _walked;
    private SeededRandom _stream;
    private ulong _at;
    private int _nextNode;

    /// <summary>Plans it.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="address">Where the data begin.</param>
    /// <param name="bytes">How much, in whole blocks.</param>
    /// <param name="nodes">How many nodes, each in its own part of the data.</param>
    public ProcessWork(ulong seed, VirtualAddress address, ulong bytes, int nodes)
    {
        _seed = seed;
        _stream = SeededRandom.For(seed, "data");
        SeededRandom random = SeededRandom.For(seed, "list");
        _offsets = new ulong[nodes];
        _built = new ulong[nodes * NodeWords];
        for (int i = 0; i < nodes; i++)
        {
            // Anywhere in its part, across pages too.
            ulong part = bytes / (ulong)nodes & ~7UL;
            _offsets[i] = ((ulong)i * part) + (random.Below((part / 8) - NodeWords) * 8);
        }

        WalkKey = random.Next();
        MixKey = random.Next();
        int[] order = Shuffle(random, nodes);
        for (int i = 0; i < nodes; i++)
        {
            Span<ulong> node = _built.AsSpan(order[i] * NodeWords, NodeWords);
            node[0] = i + 1 < nodes ? address.Add(_offsets[order[i + 1]]).Value : 0;
            foreach (ref ulong word in node[1..])
            {
                word = random.Next();
            }
        }

        Head = nodes == 0 ? default : address.Add(_offsets[order[0]]);
        _walked = [.. _built];
        foreach (int each in order)
        {
            Span<ulong> node = _walked.AsSpan(each * NodeWords, NodeWords);
            Checksum = GpuMix.Sum(Checksum, node[1]);
            foreach (ref ulong word in node[2..])
            {
                word = GpuMix.Mix(word, WalkKey ^ node[1]);
                Checksum = GpuMix.Sum(Checksum, word);
            }
        }
    }

    /// <summary>The list's first node.</summary>
    public VirtualAddress Head { get; }

    /// <summary>What the walk changes the nodes' payloads with.</summary>
    public ulong WalkKey { get; }

    /// <summary>What all words are changed with after the walk.</summary>
    public ulong MixKey { get; }

    /// <summary>What the walk gives.</summary>
    public ulong Checksum { get; }

    /// <summary>Begins at the first block again.</summary>
    public void Rewind()
    {
        _stream = SeededRandom.For(_seed, "data");
        _at = 0;
        _nextNode = 0;
    }

    /// <summary>The next block as the process builds it.</summary>
    public void Build(Span<byte> block) => Next(MemoryMarshal.Cast<byte, ulong>(block), _built);

    /// <summary>The next block as it has to be once the GPU is done.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Expect(Span<byte> block)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(block);
        Next(words, _walked);
        foreach (ref ulong word in words)
        {
            word = GpuMix.Mix(word, MixKey);
        }
    }

    private static int[] Shuffle(SeededRandom random, int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            int other = (int)random.Below((ulong)i + 1);
            (order[i], order[other]) = (order[other], order[i]);
        }

        return order;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Next(Span<ulong> words, ulong[] nodes)
    {
        foreach (ref ulong word in words)
        {
            word = _stream.Next();
        }

        ulong end = _at + ((ulong)words.Length * sizeof(ulong));
        for (int i = _nextNode; i < _offsets.Length && _offsets[i] < end; i++)
        {
            // A node may lie across blocks.
            for (int word = 0; word < NodeWords; word++)
            {
                ulong place = _offsets[i] + ((ulong)word * sizeof(ulong));
                if (place >= _at && place < end)
                {
                    words[(int)((place - _at) / sizeof(ulong))] = nodes[(i * NodeWords) + word];
                }
            }

            _nextNode = _offsets[i] + (NodeWords * sizeof(ulong)) <= end ? i + 1 : _nextNode;
        }

        _at = end;
    }
}
