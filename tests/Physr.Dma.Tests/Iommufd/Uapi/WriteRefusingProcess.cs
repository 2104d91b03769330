// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd;

namespace Physr.Dma.Tests.Iommufd.Uapi;

/// <summary>A process whose memory has become read-only to calls.</summary>
internal sealed class WriteRefusingProcess(IUserMemory process) : IUserMemory
{
    public string Name => process.Name;

    public bool IsExemptFromLimits => process.IsExemptFromLimits;

    public MemoryLockAccount UserLocked => process.UserLocked;

    public MemoryLockAccount Locked => process.Locked;

    public MemoryLockAccount Pinned => process.Pinned;

    public Errno TryPin(VirtualAddress address, ulong length, bool writable, List<PhysicalRange> frames) => process.TryPin(address, length, writable, frames);

    public void Unpin(PhysicalRange frames, bool dirty) => process.Unpin(frames, dirty);

    public Errno TryRead(VirtualAddress address, Span<byte> destination) => process.TryRead(address, destination);

    public Errno TryWrite(VirtualAddress address, ReadOnlySpan<byte> source) => Errno.EFAULT;
}
