// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Memory;

/// <summary>RAM whose bytes this process takes from its system, in blocks of 2 MiB when first touched. Fresh bytes are zero.</summary>
public sealed unsafe class NativeRam : IRamBytes, IDisposable
{
    private readonly PhysicalRange _range;
    private readonly nint[] _blocks;
    private bool _isDisposed;

    /// <summary>Makes the bytes of a range.</summary>
    /// <param name="range">A multiple of 2 MiB at a multiple of 2 MiB.</param>
    public NativeRam(PhysicalRange range)
    {
        if (!range.Start.IsAligned(PageSize.Size2M) || !Alignment.IsAligned(range.Length, PageSize.Size2M))
        {
            throw new ArgumentException($"{range} does not consist of whole 2 MiB blocks.", nameof(range));
        }

        _range = range;
        _blocks = new nint[checked((int)(range.Length / PageSize.Size2M))];
    }

    /// <inheritdoc/>
    public Span<byte> BlockAt(PhysicalAddress address)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_range.Contains(address) || !address.IsAligned(PageSize.Size2M))
        {
            throw new ArgumentOutOfRangeException(nameof(address), address, $"No block of {_range} begins there.");
        }

        ref nint block = ref _blocks[(int)(address.OffsetFrom(_range.Start) / PageSize.Size2M)];
        lock (_blocks)
        {
            if (block == 0)
            {
                void* fresh = NativeMemory.AlignedAlloc((nuint)PageSize.Size2M, (nuint)PageSize.Size2M);

                // SAFETY: just allocated with that many bytes.
                NativeMemory.Clear(fresh, (nuint)PageSize.Size2M);
                block = (nint)fresh;
            }
        }

        // SAFETY: 2 MiB allocated above, freed once in Dispose.
        return new((void*)block, (int)PageSize.Size2M);
    }

    /// <summary>Whether the block of an address was touched: the bytes of others are zero and take no memory yet.</summary>
    public bool IsTouched(PhysicalAddress address) =>
        _range.Contains(address) && Volatile.Read(ref _blocks[(int)(address.OffsetFrom(_range.Start) / PageSize.Size2M)]) != 0;

    /// <summary>Lets go of the bytes; nobody may hold a part of them.</summary>
    public void Dispose()
    {
        lock (_blocks)
        {
            _isDisposed = true;
            for (int i = 0; i < _blocks.Length; i++)
            {
                // SAFETY: allocated by BlockAt, or zero, which is ignored; forgotten right after.
                NativeMemory.AlignedFree((void*)_blocks[i]);
                _blocks[i] = 0;
            }
        }
    }
}
