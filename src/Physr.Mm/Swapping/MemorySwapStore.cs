// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Swap in memory of this program, as a RAM disk.</summary>
/// <param name="pages">How many pages.</param>
public sealed class MemorySwapStore(ulong pages) : ISwapStore
{
    private readonly Dictionary<ulong, byte[]> _slots = [];

    /// <inheritdoc/>
    public ulong Pages => pages;

    /// <inheritdoc/>
    public Errno Read(ulong slot, Span<byte> page)
    {
        lock (_slots)
        {
            if (!_slots.TryGetValue(slot, out byte[]? bytes))
            {
                return Errno.EIO;
            }

            bytes.CopyTo(page);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno Write(ulong slot, ReadOnlySpan<byte> page)
    {
        lock (_slots)
        {
            _slots[slot] = page.ToArray();
            return Errno.None;
        }
    }
}
