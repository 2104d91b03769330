// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>Where a run of shared pages comes from. Pages are numbered from 0.</summary>
internal abstract class PageSource
{
    /// <summary>The address or file offset of page 0, whose low bits say how well IO virtual addresses may be aligned.</summary>
    public abstract ulong Start { get; }

    /// <summary>Whether it is a file, which outlives a process.</summary>
    public virtual bool IsFile => false;

    /// <summary>Whether it is a device's memory: not pinned, not charged, and not for the CPU.</summary>
    public virtual bool IsDeviceMemory => false;

    /// <summary>Whether whoever lent it took it back; it does not come back then.</summary>
    public virtual bool IsGone => false;

    /// <summary>The process whose addresses reach the bytes; null where none do.</summary>
    public virtual IUserMemory? Process => null;

    /// <summary>Pins pages, all or none.</summary>
    public abstract Errno TryPin(ulong index, ulong count, bool writable, List<PhysicalRange> frames);

    /// <summary>Takes a pin off each page of a range.</summary>
    public abstract void Unpin(PhysicalRange frames, bool dirty);

    /// <summary>Ends its use.</summary>
    public virtual void Release()
    {
    }
}
