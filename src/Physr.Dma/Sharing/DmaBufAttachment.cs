// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Sharing;

/// <summary>One importer's use of a buffer for one device (the kernel's <c>dma_buf_attachment</c>).</summary>
public sealed partial class DmaBufAttachment
{
    private int _mappings;

    internal DmaBufAttachment(DmaBuf buffer, IDmaBufImporter importer, DmaDevice? device)
    {
        Buffer = buffer;
        Importer = importer;
        Device = device;
    }

    /// <summary>The buffer.</summary>
    public DmaBuf Buffer { get; }

    /// <summary>Who.</summary>
    public IDmaBufImporter Importer { get; }

    /// <summary>For which device; null for an I/O address space.</summary>
    public DmaDevice? Device { get; }

    /// <summary>Whatever the importer wants to find again when it is told (<c>importer_priv</c>).</summary>
    public object? Tag { get; set; }

    /// <summary>Mappings not given back.</summary>
    public int ActiveMappings => Volatile.Read(ref _mappings);

    /// <summary>Whether it is attached.</summary>
    public bool IsAttached => Place >= 0;

    /// <summary>Where it is in the buffer's list; -1 once detached. Guarded by the reservation lock.</summary>
    internal int Place { get; set; }

    /// <summary>Ends the use, and gives the reference to the buffer back.</summary>
    /// <returns><see cref="Errno.None"/>, also when detached before; <see cref="Errno.EBUSY"/> while mappings are out.</returns>
    /// <exception cref="PhysrException"><see cref="Errno.EDEADLOCK"/>: this thread holds the reservation lock.</exception>
    public Errno TryDetach() => Buffer.Detach(this);

    /// <summary>Maps all of the buffer for the device (<c>dma_buf_map_attachment</c>). Below a common switch each range keeps its own bus addresses; through the host bridge all
    /// of them are one window of IO virtual addresses, where there is an IOMMU (section 1.6, row R70).</summary>
    /// <param name="direction">Which way bytes may go.</param>
    /// <param name="mapping">The mapping, to be unmapped; null on failure.</param>
    /// <returns>Null on success. <see cref="Errno.ENODEV"/> while revoked and once the device is gone, <see cref="Errno.EREMOTEIO"/> where the device can never reach it,
    /// <see cref="Errno.EOPNOTSUPP"/> without a device, <see cref="Errno.EINVAL"/> once detached; else what mapping answers.</returns>
    /// <exception cref="PhysrException">The reservation lock is not held by this thread.</exception>
    public DmaMapError? TryMap(DmaDirection direction, out DmaBufMapping? mapping)
    {
        Buffer.Reservation.MustBeHeld("map dma-buf");
        if (Device is null)
        {
            mapping = null;
            return new(Errno.EOPNOTSUPP, $"{Buffer.Name}: the attachment has no device to map for");
        }

        if (!DmaMapper.IsDirection(direction))
        {
            mapping = null;
            return new(Errno.EINVAL, $"{Buffer.Name}: {(int)direction} is no direction");
        }

        return Map(new(this, Device, direction), out mapping);
    }

    /// <summary>Maps with the reservation lock taken for it (<c>dma_buf_map_attachment_unlocked</c>).</summary>
    /// <inheritdoc cref="TryMap"/>
    public DmaMapError? TryMapUnlocked(DmaDirection direction, out DmaBufMapping? mapping)
    {
        using DmaReservationHold hold = Buffer.Reservation.Hold();
        return TryMap(direction, out mapping);
    }

    /// <summary>Gives an I/O address space the physical addresses themselves, which it puts into its own page tables (the private interconnect, section 1.7, row R74). Counts as a
    /// mapping: a revoke waits until it is unmapped.</summary>
    /// <param name="mapping">The mapping, to be unmapped; null on failure.</param>
    /// <returns>Null on success. <see cref="Errno.EOPNOTSUPP"/> where the buffer is not a <see cref="BarSliceExporter"/>'s or is not exactly one range,
    /// <see cref="Errno.ENODEV"/> while revoked and once the device is gone, <see cref="Errno.EINVAL"/> once detached, <see cref="Errno.ENOMEM"/>.</returns>
    /// <exception cref="PhysrException">The reservation lock is not held by this thread.</exception>
    public DmaMapError? TryMapPrivate(out DmaBufMapping? mapping)
    {
        Buffer.Reservation.MustBeHeld("map dma-buf");
        if (!Buffer.HasPrivateInterconnect || !Buffer.TryGetSingleRange(out _))
        {
            mapping = null;
            string why = Buffer.HasPrivateInterconnect ? "it is made of more than one range" : "its exporter gives nobody physical addresses";
            return new(Errno.EOPNOTSUPP, $"{Buffer.Name}: {why}");
        }

        return Map(new(this, null, DmaDirection.Bidirectional), out mapping);
    }

    /// <summary>Unmaps (<c>dma_buf_unmap_attachment</c>).</summary>
    /// <exception cref="PhysrException">The reservation lock is not held by this thread, or the mapping is not one of this attachment that is mapped.</exception>
    public void Unmap(DmaBufMapping mapping)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        Buffer.Reservation.MustBeHeld("unmap dma-buf");
        if (mapping.Attachment != this || !mapping.IsMapped)
        {
            throw new PhysrException("unmap dma-buf", Buffer.Name, Errno.EINVAL, "it is no mapping of this attachment, or was unmapped before");
        }

        _mappings--;
        mapping.Operation = RevocableOperation.Unmap;
        RevocableFrame frame = new(RevocableOperation.Unmap);
        Errno errno = Errno.None;
        RevocableInterpreter.Run(Buffer.Options.Rules, ref frame, ref mapping, ref errno);
    }

    /// <summary>Unmaps with the reservation lock taken for it (<c>dma_buf_unmap_attachment_unlocked</c>).</summary>
    /// <inheritdoc cref="Unmap"/>
    public void UnmapUnlocked(DmaBufMapping mapping)
    {
        using DmaReservationHold hold = Buffer.Reservation.Hold();
        Unmap(mapping);
    }

    private DmaMapError? Map(DmaBufMapping made, out DmaBufMapping? mapping)
    {
        mapping = null;
        if (!IsAttached)
        {
            return new(Errno.EINVAL, $"{Buffer.Name}: the attachment is detached");
        }

        RevocableFrame frame = new(RevocableOperation.Map);
        Errno errno = Errno.None;
        RevocableInterpreter.Run(Buffer.Options.Rules, ref frame, ref made, ref errno);
        if (errno != Errno.None)
        {
            return made.Error ?? new(errno, $"{Buffer.Name} is revoked");
        }

        _mappings++;
        mapping = made;
        return null;
    }
}
