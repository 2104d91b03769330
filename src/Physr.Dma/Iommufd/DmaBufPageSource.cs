// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;

namespace Physr.Dma.Iommufd;

/// <summary>A peer's memory, lent by the peer's driver, which can take it back at any time (row R74). Nothing is pinned and nobody pays: the exporter keeps it in place.</summary>
/// <remarks>When it is taken back, every domain forgets it before the exporter goes on, and for good: what was mapped from it stays without translation until it is mapped anew.
/// That runs under the buffer's reservation lock, which therefore is never taken while the pages' lock is held.</remarks>
internal sealed class DmaBufPageSource(DmaBuf buffer, ulong start) : PageSource, IDmaBufImporter
{
    private DmaBufAttachment? _attachment;

    /// <summary>Guarded by the reservation lock.</summary>
    private DmaBufMapping? _mapping;

    private PhysicalRange _range;
    private bool _isGone;

    /// <summary>The pages that are to forget it; set before it is attached.</summary>
    public IoPages? Pages { get; set; }

    /// <inheritdoc/>
    public override ulong Start => start;

    /// <inheritdoc/>
    public override bool IsDeviceMemory => true;

    /// <inheritdoc/>
    public override bool IsGone => Volatile.Read(ref _isGone);

    /// <inheritdoc/>
    public bool AllowsPeerToPeer => true;

    /// <inheritdoc/>
    public bool CanInvalidateMappings => true;

    /// <summary>Asks the exporter for the physical addresses.</summary>
    /// <returns><see cref="Errno.ENODEV"/> while it is revoked; <see cref="Errno.EOPNOTSUPP"/> where it is not one range of an exporter that gives them; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno TryAttach()
    {
        Errno errno = buffer.TryAttach(this, null, out _attachment);
        if (errno != Errno.None)
        {
            return errno;
        }

        using DmaReservationHold hold = buffer.Reservation.Hold();
        DmaMapError? error = _attachment!.TryMapPrivate(out _mapping);
        _range = _mapping?.PrivateRange ?? default;
        return error?.Errno ?? Errno.None;
    }

    /// <inheritdoc/>
    public override Errno TryPin(ulong index, ulong count, bool writable, List<PhysicalRange> frames)
    {
        frames.Add(_range.Slice(start + (index << PageSize.Shift4K), count << PageSize.Shift4K));
        return Errno.None;
    }

    /// <inheritdoc/>
    public override void Unpin(PhysicalRange frames, bool dirty)
    {
    }

    /// <inheritdoc/>
    public void InvalidateMappings(DmaBufAttachment attachment)
    {
        // Told also when it may be used again; what was mapped is not brought back by that.
        if (_mapping is { } mapping && buffer.IsRevoked)
        {
            Volatile.Write(ref _isGone, true);
            Pages!.Revoke();
            _mapping = null;
            attachment.Unmap(mapping);
        }
    }

    /// <inheritdoc/>
    public override void Release()
    {
        if (_attachment is null)
        {
            return;
        }

        using (buffer.Reservation.Hold())
        {
            if (_mapping is { } mapping)
            {
                _mapping = null;
                _attachment.Unmap(mapping);
            }
        }

        Errno errno = _attachment.TryDetach();
        if (errno != Errno.None)
        {
            throw new PhysrException("detach dma-buf", buffer.Name, errno, "a mapping of an I/O address space was left");
        }
    }
}
