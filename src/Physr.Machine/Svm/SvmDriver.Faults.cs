// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mirror;
using Physr.Hmm;
using Physr.Machine.Gpu.Host;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Svm;

/// <content>The GPU's faults: granule by granule, those that are stale left out.</content>
internal sealed partial class SvmDriver
{
    private const MirrorFlags Wanted = MirrorFlags.Valid | MirrorFlags.Write;

    private readonly MirrorFrame[] _frames = new MirrorFrame[MostPages];
    private readonly GpuPageMapping[] _mappings = new GpuPageMapping[MostPages];

    /// <inheritdoc/>
    public void Service(ReadOnlySpan<GpuFault> faults, Span<GpuFaultResolution> resolutions)
    {
        for (int i = 0; i < faults.Length;)
        {
            ulong granule = faults[i].Page.Value & ~(_route.GranuleBytes - 1);
            int count = 1;
            while (i + count < faults.Length && faults[i + count].Page.Value - granule < _route.GranuleBytes)
            {
                count++;
            }

            Serve(granule, faults.Slice(i, count), resolutions.Slice(i, count));
            i += count;
        }

        foreach (GpuFaultResolution resolution in resolutions)
        {
            _statistics = _statistics with { Cancelled = _statistics.Cancelled + (resolution == GpuFaultResolution.Cancel ? 1 : 0) };
        }
    }

    private static bool Allows(GpuPageFlags flags, GpuAccess access) => access switch
    {
        GpuAccess.Atomic => (flags & GpuPageFlags.Atomic) != GpuPageFlags.None,
        GpuAccess.Write => (flags & GpuPageFlags.Writable) != GpuPageFlags.None,
        _ => true,
    };

    private void Serve(ulong granule, ReadOnlySpan<GpuFault> faults, Span<GpuFaultResolution> resolutions)
    {
        AddressRange<VirtualAddress> around = new(new(granule), _route.GranuleBytes);
        AddressRange<VirtualAddress> part = _space?.FindArea(faults[0].Page) is { } area ? around.Intersect(area.Range).Intersect(_mirror!.Range) : default;
        ulong first = ulong.MaxValue;
        bool hasAtomics = false;
        for (int i = 0; i < faults.Length; i++)
        {
            if (!part.Contains(faults[i].Page))
            {
                // Nothing is there, or another area, which is looked at when its page faults again.
                resolutions[i] = _space?.FindArea(faults[i].Page) is not null && !part.IsEmpty ? GpuFaultResolution.Replay : GpuFaultResolution.Cancel;
            }
            else if (_context!.TryFind(faults[i].Page, out GpuPageMapping mapped, out _) && Allows(mapped.Flags, faults[i].Access))
            {
                // Mended since it was recorded.
            }
            else if (faults[i].Access == GpuAccess.Atomic)
            {
                hasAtomics = true;
            }
            else
            {
                first = Math.Min(first, faults[i].Page.Value);
            }
        }

        if (first != ulong.MaxValue)
        {
            if (_route.Policy == SvmPolicy.Migrate)
            {
                MigrateIn(part, first);
            }

            MapAround(part, faults, resolutions);
        }

        for (int i = 0; hasAtomics && i < faults.Length; i++)
        {
            if (faults[i].Access == GpuAccess.Atomic && part.Contains(faults[i].Page))
            {
                resolutions[i] = MapForAtomics(faults[i].Page);
            }
        }
    }

    /// <summary>Maps the faulting pages, and around them what is there already; where that fails, one after the other, to tell which.</summary>
    private void MapAround(AddressRange<VirtualAddress> part, ReadOnlySpan<GpuFault> faults, Span<GpuFaultResolution> resolutions)
    {
        if (TryMap(part, faults) == Errno.None)
        {
            return;
        }

        for (int i = 0; i < faults.Length; i++)
        {
            if (faults[i].Access != GpuAccess.Atomic && part.Contains(faults[i].Page)
                && TryMap(new(faults[i].Page, PageSize.Size4K), faults.Slice(i, 1)) is not (Errno.None or Errno.EAGAIN))
            {
                resolutions[i] = GpuFaultResolution.Cancel;
            }
        }
    }

    private Errno TryMap(AddressRange<VirtualAddress> part, ReadOnlySpan<GpuFault> faults)
    {
        Span<MirrorFrame> frames = _frames.AsSpan(0, (int)(part.Length >> PageSize.Shift4K));
        MirrorRequest request = new(MirrorFlags.None) { Mask = Wanted, Owner = this };
        ulong sequence;
        do
        {
            frames.Clear();
            foreach (ref readonly GpuFault fault in faults)
            {
                if (fault.Access != GpuAccess.Atomic && part.Contains(fault.Page))
                {
                    ref MirrorFrame frame = ref frames[(int)(fault.Page.OffsetFrom(part.Start) >> PageSize.Shift4K)];
                    frame = frame.With(fault.Access == GpuAccess.Write ? Wanted : MirrorFlags.Valid);
                }
            }

            sequence = _mirror!.ReadBegin();
            _space!.EnterRead();
            Errno errno = RangeMirror.TryFault(_mirror, sequence, part.Start, frames, request);
            _space.ExitRead();
            if (errno is not (Errno.None or Errno.EBUSY))
            {
                return errno;
            }
        }
        while (_mirror.ReadRetry(sequence));
        return Install(part.Start, frames, faults);
    }

    private Errno Install(VirtualAddress start, ReadOnlySpan<MirrorFrame> frames, ReadOnlySpan<GpuFault> faults)
    {
        int count = 0;
        int inRam = 0;
        for (int i = 0; i < frames.Length; i++)
        {
            MirrorFrame frame = frames[i];
            VirtualAddress page = start.Add((ulong)i << PageSize.Shift4K);
            if (!frame.Has(MirrorFlags.Valid) || frame.Has(MirrorFlags.Error))
            {
                continue;
            }

            GpuPageTarget target;
            if (_private.TryLocate(frame, out ulong offset))
            {
                target = GpuPageTarget.Local(offset);
            }
            else if (_route.Policy == SvmPolicy.Migrate && !IsAsked(faults, page))
            {
                // In RAM, and nobody asked: it migrates when somebody does.
                continue;
            }
            else
            {
                Errno errno = _mirror!.TryMapRam(page, frame, out DmaAddress address);
                if (errno != Errno.None)
                {
                    return errno;
                }

                target = GpuPageTarget.System(address);
                inRam++;
            }

            _mappings[count++] = new(page, target, frame.Has(MirrorFlags.Write) ? GpuPageFlags.Writable : GpuPageFlags.None);
        }

        _statistics = _statistics with { MappedInRam = _statistics.MappedInRam + inRam };
        _machine.Iommu?.Sample();
        return _context!.TryMap(_mappings.AsSpan(0, count));
    }

    private static bool IsAsked(ReadOnlySpan<GpuFault> faults, VirtualAddress page)
    {
        foreach (ref readonly GpuFault fault in faults)
        {
            if (fault.Page == page)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A page in RAM goes to the GPU alone until the CPU touches it; one in the GPU's memory is its own anyway.</summary>
    private GpuFaultResolution MapForAtomics(VirtualAddress page)
    {
        const GpuPageFlags Flags = GpuPageFlags.Writable | GpuPageFlags.Atomic;
        if (_context!.TryFind(page, out GpuPageMapping mapped, out _)
            && mapped.Target.Aperture == GpuAperture.Local && (mapped.Flags & GpuPageFlags.Writable) != GpuPageFlags.None)
        {
            _mappings[0] = mapped with { Flags = Flags };
            return Resolve(_context.TryMap(_mappings.AsSpan(0, 1)));
        }

        _space!.EnterRead();
        Errno errno = ExclusivePage.TryAcquire(_space, page, this, out ExclusivePage? taken);
        _space.ExitRead();
        if (taken is null)
        {
            return errno == Errno.EBUSY ? GpuFaultResolution.Replay : GpuFaultResolution.Cancel;
        }

        using (taken)
        {
            errno = _mirror!.TryMapRam(page, MirrorFrame.Of(taken.Frame, Wanted), out DmaAddress address);
            if (errno == Errno.None)
            {
                _mappings[0] = new(page, GpuPageTarget.System(address), Flags);
                errno = _context.TryMap(_mappings.AsSpan(0, 1));
            }
        }

        _statistics = _statistics with { Exclusive = _statistics.Exclusive + (errno == Errno.None ? 1 : 0) };
        return Resolve(errno);
    }

    private static GpuFaultResolution Resolve(Errno errno) => errno == Errno.None ? GpuFaultResolution.Replay : GpuFaultResolution.Cancel;
}
