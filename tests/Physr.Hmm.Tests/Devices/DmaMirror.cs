// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.Mirror;
using Physr.Dma.Tests;

namespace Physr.Hmm.Tests;

/// <summary>A mirror without a page table of its own: it maps what it sees for DMA, as an RDMA card with on-demand paging does.</summary>
internal sealed class DmaMirror : IntervalNotifier
{
    private readonly Lock _lock = new();

    public DmaMirror(AddressSpace space, AddressRange<VirtualAddress> range, IDmaMapper mapper, DmaDevice client)
        : base(space, range)
    {
        Assert.Equal(Errno.None, MirrorMapping.TryCreate(mapper, space.Memory.Map, new FakeRoutes(), client, (int)(range.Length >> PageSize.Shift4K), PageSize.Size4K, out MirrorMapping? mapping));
        Mapping = mapping!;
        Addresses = new DmaAddress[Mapping.Frames.Length];
    }

    public MirrorMapping Mapping { get; }

    public DmaAddress[] Addresses { get; }

    /// <summary>Looks at all of the range and maps it.</summary>
    public Errno Load(MirrorRequest request)
    {
        while (true)
        {
            ulong sequence = ReadBegin();
            Space.EnterRead();
            Errno errno = RangeMirror.TryFault(this, sequence, Range.Start, Mapping.Frames, request);
            Space.ExitRead();
            if (errno == Errno.EBUSY)
            {
                continue;
            }

            if (errno != Errno.None)
            {
                return errno;
            }

            lock (_lock)
            {
                if (ReadRetry(sequence))
                {
                    continue;
                }

                for (int i = 0; i < Addresses.Length && errno == Errno.None; i++)
                {
                    errno = Mapping.TryMapPage(i, out Addresses[i]);
                }

                return errno;
            }
        }
    }

    public void Close()
    {
        Dispose();
        Mapping.Dispose();
    }

    protected override bool Invalidate(in NotifierRange range)
    {
        lock (_lock)
        {
            for (int i = 0; i < Mapping.Frames.Length; i++)
            {
                if (range.Range.Contains(Range.Start.Add((ulong)i << PageSize.Shift4K)))
                {
                    Mapping.UnmapPage(i);
                }
            }
        }

        return true;
    }
}
