// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Linux.Mapped;

/// <content>Piece by piece.</content>
public readonly ref partial struct ReadOnlyMemoryWindow
{
    /// <summary>All bytes in order, as spans.</summary>
    /// <param name="longest">The length of each piece but the last, which may be shorter.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not positive.</exception>
    public PieceEnumerator Pieces(int longest = WindowBounds.Piece)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(longest);
        return new(this, longest);
    }

    /// <summary>The pieces, for <c>foreach</c>.</summary>
    public ref struct PieceEnumerator
    {
        private readonly int _longest;
        private ReadOnlyMemoryWindow _rest;

        internal PieceEnumerator(ReadOnlyMemoryWindow window, int longest)
        {
            _rest = window;
            _longest = longest;
            Current = default;
        }

        /// <summary>This piece.</summary>
        public ReadOnlySpan<byte> Current { get; private set; }

        /// <summary>Itself.</summary>
        public readonly PieceEnumerator GetEnumerator() => this;

        /// <summary>Goes on to the next piece; false: that was the last.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            int length = (int)nuint.Min(_rest.Length, (nuint)_longest);
            Current = _rest.AsSpan(0, length);
            _rest = _rest.Slice((nuint)length);
            return true;
        }
    }
}
