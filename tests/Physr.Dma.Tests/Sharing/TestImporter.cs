// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;

namespace Physr.Dma.Tests.Sharing;

/// <summary>An importer with one attachment that keeps at most one mapping, and gives it up when told: here and now, or when asked to.</summary>
internal sealed class TestImporter : IDmaBufImporter
{
    public bool AllowsPeerToPeer { get; init; } = true;

    public bool CanInvalidateMappings { get; init; } = true;

    public bool UnmapsWhenTold { get; set; } = true;

    public int Told { get; private set; }

    public Action<DmaBufAttachment>? OnTold { get; set; }

    public DmaBufAttachment? Attachment { get; private set; }

    public DmaBufMapping? Mapping { get; private set; }

    public Errno Attach(DmaBuf buffer, DmaDevice? device = null)
    {
        Errno errno = buffer.TryAttach(this, device, out DmaBufAttachment? attachment);
        Attachment = attachment;
        return errno;
    }

    public DmaMapError? Map(DmaDirection direction = DmaDirection.Bidirectional)
    {
        DmaMapError? error = Attachment!.TryMapUnlocked(direction, out DmaBufMapping? mapping);
        Mapping = mapping ?? Mapping;
        return error;
    }

    public void Unmap()
    {
        using DmaReservationHold hold = Attachment!.Buffer.Reservation.Hold();
        UnmapHeld();
    }

    public void InvalidateMappings(DmaBufAttachment attachment)
    {
        Assert.True(attachment.Buffer.Reservation.IsHeldByCurrentThread);
        Told++;
        OnTold?.Invoke(attachment);
        if (UnmapsWhenTold && attachment.Buffer.IsRevoked)
        {
            UnmapHeld();
        }
    }

    private void UnmapHeld()
    {
        if (Mapping is { } mapping)
        {
            Mapping = null;
            Attachment!.Unmap(mapping);
        }
    }
}
