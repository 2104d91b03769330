// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Sharing;

/// <content>Who uses it.</content>
public sealed partial class DmaBuf
{
    // Guarded by the reservation lock.
    private readonly List<DmaBufAttachment> _attachments = [];

    /// <summary>Attachments there are now.</summary>
    public int AttachmentCount => Volatile.Read(ref _attachmentCount);

    private int _attachmentCount;

    /// <summary>Attaches an importer (<c>dma_buf_dynamic_attach</c>). It can then map, until it detaches; the attachment holds a reference to the buffer.</summary>
    /// <param name="importer">Who.</param>
    /// <param name="device">For which device it will map; null for an I/O address space, which takes physical addresses (<see cref="DmaBufAttachment.TryMapPrivate"/>).</param>
    /// <param name="attachment">The attachment, to be detached; null on failure.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> where the importer takes no peer memory or cannot give mappings up, <see cref="Errno.ENODEV"/> while revoked and once closed,
    /// <see cref="Errno.ENOMEM"/>.</returns>
    /// <exception cref="PhysrException"><see cref="Errno.EDEADLOCK"/>: this thread holds the reservation lock.</exception>
    public Errno TryAttach(IDmaBufImporter importer, DmaDevice? device, out DmaBufAttachment? attachment)
    {
        ArgumentNullException.ThrowIfNull(importer);
        attachment = null;
        if (!importer.AllowsPeerToPeer || !importer.CanInvalidateMappings)
        {
            return Errno.EOPNOTSUPP;
        }

        using DmaReservationHold hold = Reservation.Hold();
        if (IsRevoked)
        {
            return Errno.ENODEV;
        }

        if (_options.AllocationGate?.TryPass("dma-buf attachment") == false)
        {
            return Errno.ENOMEM;
        }

        AddReference();
        attachment = new(this, importer, device) { Place = _attachments.Count };
        _attachments.Add(attachment);
        Volatile.Write(ref _attachmentCount, _attachments.Count);
        Trace(RevocableOperation.None, RevocableStep.Attach);
        return Errno.None;
    }

    /// <summary>Whether all of it is one range.</summary>
    internal bool TryGetSingleRange(out PhysicalRange range)
    {
        range = _ranges[0];
        return _ranges.Length == 1;
    }

    internal Errno Detach(DmaBufAttachment attachment)
    {
        using (Reservation.Hold())
        {
            if (attachment.Place < 0 || attachment.ActiveMappings != 0)
            {
                return attachment.Place < 0 ? Errno.None : Errno.EBUSY;
            }

            // The last one takes its place: one of a hundred thousand importers leaves in the time of one.
            DmaBufAttachment last = _attachments[^1];
            _attachments[attachment.Place] = last;
            last.Place = attachment.Place;
            _attachments.RemoveAt(_attachments.Count - 1);
            attachment.Place = -1;
            Volatile.Write(ref _attachmentCount, _attachments.Count);
            Trace(RevocableOperation.None, RevocableStep.Detach);
        }

        Release();
        return Errno.None;
    }

    internal DmaBufAttachment AttachmentAt(int place) => _attachments[place];
}
