// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>A medium at a place in physical memory as a DAX device: one range, no page descriptor.</summary>
/// <param name="medium">Its bytes.</param>
/// <param name="start">Where its first byte lies.</param>
/// <param name="provider">Who owns the addresses.</param>
public sealed class MediaDaxDevice(PersistentMemory medium, PhysicalAddress start, ProviderIndex provider = default) : IDaxDevice
{
    /// <inheritdoc/>
    public string Name => medium.Name;

    /// <inheritdoc/>
    public ulong Length { get; } = Alignment.Down(medium.Length, PageSize.Size4K);

    /// <inheritdoc/>
    public bool IsReadOnly => medium.IsReadOnly;

    /// <inheritdoc/>
    public PersistenceGranularity Granularity => medium.Granularity;

    /// <summary>Its bytes.</summary>
    public PersistentMemory Medium => medium;

    /// <summary>Its place in physical memory.</summary>
    public PhysicalRange Range => new(start, Length);

    /// <inheritdoc/>
    public Errno TryRead(ulong offset, Span<byte> destination) => medium.TryRead(offset, destination);

    /// <inheritdoc/>
    public Errno TryWrite(ulong offset, ReadOnlySpan<byte> source) => medium.TryWrite(offset, source);

    /// <inheritdoc/>
    public Errno TryFlush(ulong offset, ulong length) => medium.TryFlush(offset, length);

    /// <inheritdoc/>
    public Errno TryFence() => medium.TryFence();

    /// <inheritdoc/>
    public Errno TryClearErrors(ulong offset, ulong length, out ulong cleared) => medium.TryClearErrors(offset, length, out cleared);

    /// <inheritdoc/>
    public Errno TryDirectAccess(ulong offset, ulong length, DirectAccess access, RangeListBuilder list, out string reason)
    {
        ArgumentNullException.ThrowIfNull(list);
        reason = "";
        if (offset > Length || length > Length - offset)
        {
            reason = $"bytes {offset} to {offset + length} are not all of {Name}, which has {Length}";
            return Errno.ENXIO;
        }

        if (access == DirectAccess.Write && IsReadOnly)
        {
            reason = $"{Name} is read-only";
            return Errno.EROFS;
        }

        if (medium.Errors.Overlaps(offset, length))
        {
            reason = $"{Name} lost bytes between {offset} and {offset + length}: write them again through the block device, or clear them";
            return Errno.EIO;
        }

        if (length != 0)
        {
            list.Append(new PhysicalRange(start.Add(offset), length), provider);
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public bool TryFindOffset(PhysicalAddress address, out ulong offset)
    {
        bool isHere = Range.Contains(address);
        offset = isHere ? address.OffsetFrom(start) : 0;
        return isHere;
    }
}
