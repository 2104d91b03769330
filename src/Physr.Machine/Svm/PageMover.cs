// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Machine.Gpu.Host;
using Physr.Machine.Simulation;

namespace Physr.Machine.Svm;

/// <summary>Moves the bytes of pages between RAM and a GPU's memory by the GPU's copy engine, over the fabric. RAM is mapped for the GPU for as long as that takes.</summary>
internal sealed class PageMover(SimulatedMachine machine, DmaDevice device, GpuDriver engine)
{
    private const DmaAttributes Plain = DmaAttributes.None;

    private readonly List<PagePair> _pairs = [];
    private readonly List<(DmaAddress Address, ulong Length)> _mapped = [];
    private readonly List<GpuPageCopy> _copies = [];

    /// <summary>Bytes moved so far, either way.</summary>
    public ulong Bytes { get; private set; }

    /// <summary>Simulated seconds that this took.</summary>
    public double Seconds { get; private set; }

    /// <summary>Puts pages on the list.</summary>
    public void Add(in PagePair pair) => _pairs.Add(pair);

    /// <summary>Moves the bytes of all pages on the list, in its order, and empties it.</summary>
    /// <param name="toGpu">Which way.</param>
    /// <param name="failed">Puts here the pages whose bytes did not arrive.</param>
    /// <returns>What stopped it; then the failed pages are some or all.</returns>
    public Errno Run(bool toGpu, List<PagePair> failed)
    {
        failed.Clear();
        if (_pairs.Count == 0)
        {
            return Errno.None;
        }

        SimTime began = machine.Scheduler.Now;
        DmaDirection direction = toGpu ? DmaDirection.ToDevice : DmaDirection.FromDevice;
        Errno errno = MapAll(toGpu, direction);
        machine.Iommu?.Sample();
        int copied = 0;
        if (errno == Errno.None)
        {
            errno = engine.CopyPages(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_copies), out copied);
        }

        foreach ((DmaAddress address, ulong length) in _mapped)
        {
            machine.Mapper.UnmapPhys(device, address, length, direction, Plain);
        }

        Bytes += (ulong)copied << PageSize.Shift4K;
        Seconds += machine.Scheduler.Now.Since(began).Seconds;
        int through = 0;
        foreach (PagePair pair in _pairs)
        {
            through += pair.Pages;
            if (through > copied)
            {
                failed.Add(pair);
            }
        }

        _pairs.Clear();
        _mapped.Clear();
        _copies.Clear();
        return errno;
    }

    /// <summary>Maps each run of frames that follow each other as one.</summary>
    private Errno MapAll(bool toGpu, DmaDirection direction)
    {
        for (int i = 0; i < _pairs.Count;)
        {
            int end = i;
            ulong pages = 0;
            while (end < _pairs.Count && _pairs[end].Frame == _pairs[i].Frame.Add(pages))
            {
                pages += (ulong)_pairs[end++].Pages;
            }

            ulong length = pages << PageSize.Shift4K;
            DmaMapError? error = machine.Mapper.TryMapPhys(device, new(_pairs[i].Frame.Address, length), direction, Plain, out DmaAddress address);
            if (error is not null)
            {
                return error.Errno;
            }

            _mapped.Add((address, length));
            for (; i < end; i++)
            {
                for (int page = 0; page < _pairs[i].Pages; page++, address = address.Add(PageSize.Size4K))
                {
                    GpuPageTarget ram = GpuPageTarget.System(address);
                    GpuPageTarget local = GpuPageTarget.Local(_pairs[i].Offset + ((ulong)page << PageSize.Shift4K));
                    _copies.Add(toGpu ? new(ram, local) : new(local, ram));
                }
            }
        }

        return Errno.None;
    }
}
