// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Storage;

/// <summary>Bytes in this process's own memory, taken by blocks of 2 MiB when first touched: a region of any size costs what is used of it. Fresh bytes are zero.</summary>
/// <remarks>It outlives the machines that use it, which is all the durability it has: a power cut is played by giving the same medium to the next machine.</remarks>
public sealed class MemoryMedia : PersistentMemory
{
    private readonly NativeRam _ram;

    /// <summary>Makes bytes.</summary>
    /// <param name="name">The name in messages.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="granularity">What is pretended of durability.</param>
    public MemoryMedia(string name, ulong length, PersistenceGranularity granularity = PersistenceGranularity.CacheLine)
        : base(name, length, granularity) => _ram = new(new(default, Alignment.Up(length, PageSize.Size2M)));

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> ReadableAt(ulong offset, ulong length) => WritableAt(offset, length);

    /// <inheritdoc/>
    public override Span<byte> WritableAt(ulong offset, ulong length)
    {
        if (offset >= Length)
        {
            return default;
        }

        int into = (int)(offset & (PageSize.Size2M - 1));
        ulong here = Math.Min(Math.Min(length, Length - offset), PageSize.Size2M - (ulong)into);
        return _ram.BlockAt(new(offset - (ulong)into)).Slice(into, (int)here);
    }

    /// <inheritdoc/>
    protected override void ReadCore(ulong offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int count = (int)Math.Min((ulong)destination.Length, PageSize.Size2M - (offset & (PageSize.Size2M - 1)));
            if (_ram.IsTouched(new(offset)))
            {
                ReadableAt(offset, (ulong)count).CopyTo(destination);
            }
            else
            {
                destination[..count].Clear();
            }

            destination = destination[count..];
            offset += (ulong)count;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _ram.Dispose();
        base.Dispose(disposing);
    }
}
