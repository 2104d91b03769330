// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Bench;

/// <summary>A range in the baseline of the updates, ordered by its start.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Node(ulong Start, ulong End, int Value) : IComparable<Node>
{
    /// <inheritdoc/>
    public int CompareTo(Node other) => Start.CompareTo(other.Start);
}
