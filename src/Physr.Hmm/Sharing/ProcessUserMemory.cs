// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd;
using Physr.Mm;

namespace Physr.Hmm;

/// <summary>A process's memory as an I/O address space pins it (iommufd): pins are long-term, so that what a device's memory holds comes home first (row R28).</summary>
/// <param name="space">The process.</param>
/// <param name="userLocked">The user's locked pages, shared by the user's processes.</param>
public sealed class ProcessUserMemory(AddressSpace space, MemoryLockAccount userLocked) : IUserMemory
{
    /// <inheritdoc/>
    public string Name => space.Name;

    /// <inheritdoc/>
    public bool IsExemptFromLimits { get; init; }

    /// <inheritdoc/>
    public MemoryLockAccount UserLocked { get; } = userLocked;

    /// <inheritdoc/>
    public MemoryLockAccount Locked { get; init; } = new();

    /// <inheritdoc/>
    public MemoryLockAccount Pinned { get; } = new();

    /// <inheritdoc/>
    public Errno TryPin(VirtualAddress address, ulong length, bool writable, List<PhysicalRange> frames)
    {
        ArgumentNullException.ThrowIfNull(frames);
        if (space.IsDisposed)
        {
            return Errno.EFAULT;
        }

        using RangeListBuilder builder = RangeListBuilder.Rent();
        Errno errno = space.TryPin(address, length, PinFlags.LongTerm | (writable ? PinFlags.Write : PinFlags.None), builder);
        if (errno != Errno.None)
        {
            return errno == Errno.ENOMEM ? errno : Errno.EFAULT;
        }

        foreach (ProvidedRange range in builder.Build())
        {
            frames.Add(range.Range);
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public void Unpin(PhysicalRange frames, bool dirty) => space.Release(frames, dirty);

    /// <inheritdoc/>
    public Errno TryRead(VirtualAddress address, Span<byte> destination) => !space.IsDisposed && space.Read(address, destination).IsDone ? Errno.None : Errno.EFAULT;

    /// <inheritdoc/>
    public Errno TryWrite(VirtualAddress address, ReadOnlySpan<byte> source) => !space.IsDisposed && space.Write(address, source).IsDone ? Errno.None : Errno.EFAULT;
}
