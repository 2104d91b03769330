// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;

namespace Physr.Dma.Tests.Checking;

/// <summary>An importer on a thread of its own: maps, starts a transfer, ends it elsewhere, unmaps; gives up when told, in the call or later.</summary>
internal sealed class StormImporter : IDmaBufImporter
{
    private readonly bool _unmapsWhenTold;
    private readonly Random _random;
    private readonly ulong _context = DmaFence.NewContext();
    private DmaBufMapping? _mapping;
    private ulong _sequence;

    public StormImporter(DmaBuf buffer, DmaDevice device, bool unmapsWhenTold, int seed)
    {
        _unmapsWhenTold = unmapsWhenTold;
        _random = new(seed);
        Assert.Equal(Errno.None, buffer.TryAttach(this, device, out DmaBufAttachment? attachment));
        Attachment = attachment!;
    }

    public DmaBufAttachment Attachment { get; }

    public bool AllowsPeerToPeer => true;

    public bool CanInvalidateMappings => true;

    public void Run(int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            DmaFence? fence = null;
            using (Attachment.Buffer.Reservation.Hold())
            {
                if (_mapping is null && Attachment.TryMap(DmaDirection.Bidirectional, out DmaBufMapping? mapping) is null)
                {
                    _mapping = mapping;
                }

                if (_mapping is not null && _random.Next(2) == 0)
                {
                    Assert.Equal(Errno.None, Attachment.Buffer.Reservation.ReserveFences(1));
                    fence = new(_context, ++_sequence);
                    Attachment.Buffer.Reservation.AddFence(fence, DmaFenceUsage.Bookkeep);
                }
            }

            Thread.Yield();
            fence?.TrySignal();
            if (!_unmapsWhenTold || _random.Next(2) == 0)
            {
                using DmaReservationHold hold = Attachment.Buffer.Reservation.Hold();
                Unmap();
            }
        }

        using DmaReservationHold last = Attachment.Buffer.Reservation.Hold();
        Unmap();
    }

    public void InvalidateMappings(DmaBufAttachment attachment)
    {
        if (_unmapsWhenTold && attachment.Buffer.IsRevoked)
        {
            Unmap();
        }
    }

    private void Unmap()
    {
        if (_mapping is { } mapping)
        {
            _mapping = null;
            Attachment.Unmap(mapping);
        }
    }
}
