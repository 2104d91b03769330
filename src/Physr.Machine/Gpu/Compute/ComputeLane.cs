// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Compute;

/// <summary>One access at a time: a piece of the command, translated as a whole before a byte of it moves, so that after a fault it is done exactly once.</summary>
internal sealed class ComputeLane(int index)
{
    /// <summary>Bytes of the buffer: no piece is longer than a page.</summary>
    public const int BufferSize = 4096;

    private byte[]? _buffer;

    public int Index => index;

    public LaneState State { get; set; }

    /// <summary>Bytes, atomic steps or nodes of the piece.</summary>
    public ulong Units { get; set; }

    /// <summary>The first invalidation that waits for this piece; 0 is none.</summary>
    public ulong AwaitedBy { get; set; }

    /// <summary>The piece's first page.</summary>
    public LanePart First;

    /// <summary>Its second page: where a node goes on, or what a copy writes.</summary>
    public LanePart Second;

    public Span<byte> Buffer => _buffer ??= new byte[BufferSize];

    /// <summary>Whether the piece has a translation that it uses.</summary>
    public bool IsUnderWay => State is LaneState.Translated or LaneState.Gathered or LaneState.Finishing;

    public void Clear()
    {
        State = LaneState.Idle;
        AwaitedBy = 0;
        First = default;
        Second = default;
    }
}
