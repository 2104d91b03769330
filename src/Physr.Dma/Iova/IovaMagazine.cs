// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Dma.Iova;

/// <summary>A stack of runs of one size, ready to be handed out: 1 KiB, as the kernel's (row R67c).</summary>
internal sealed class IovaMagazine
{
    /// <summary>Runs that a magazine holds.</summary>
    public const int Capacity = 127;

    private Runs _runs;

    /// <summary>Runs in it, while it is in a depot; in a rack, the rack counts.</summary>
    public int Count { get; set; }

    /// <summary>The next one in a depot.</summary>
    public IovaMagazine? Next { get; set; }

    /// <summary>The first byte of a run.</summary>
    public ref ulong this[int index] => ref _runs[index];

    [InlineArray(Capacity)]
    private struct Runs
    {
        private ulong _first;
    }
}
