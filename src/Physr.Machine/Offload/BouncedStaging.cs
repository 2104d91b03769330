// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;

namespace Physr.Machine.Offload;

/// <summary>Staging memory that a device keeps mapped but cannot reach: it works on bounce slots, so what it wrote is copied out after each command, and what it is to read
/// is copied in before.</summary>
internal sealed class BouncedStaging
{
    private readonly DmaMapper _mapper;
    private readonly DmaDevice _device;
    private readonly (ulong Offset, uint Length)[] _fetches;
    private DmaRangeList _staging = DmaRangeList.Empty;

    private BouncedStaging(DmaMapper mapper, DmaDevice device, int tags)
    {
        _mapper = mapper;
        _device = device;
        _fetches = new (ulong, uint)[tags];
    }

    /// <summary>What a device needs of it; null where everything is within its reach.</summary>
    public static BouncedStaging? For(SimulatedMachine machine, DmaDevice device, int tags) =>
        device.Domain is null && device.Mask != ulong.MaxValue ? new(machine.Mapper, device, tags) : null;

    public void Open(DmaRangeList staging) => _staging = staging;

    /// <summary>The device is going to write: nothing has to be there before, and what it wrote is taken after.</summary>
    public void BeforeFetch(int tag, ulong offset, uint length) => _fetches[tag] = (offset, length);

    /// <summary>The device is going to read.</summary>
    public void BeforeStore(int tag, ulong offset, uint length)
    {
        _fetches[tag] = default;
        Synchronize(offset, length, forDevice: true);
    }

    /// <summary>A command has ended.</summary>
    public void Done(int tag, bool isSuccess)
    {
        (ulong offset, uint length) = _fetches[tag];
        _fetches[tag] = default;
        if (isSuccess && length != 0)
        {
            Synchronize(offset, length, forDevice: false);
        }
    }

    private void Synchronize(ulong offset, uint length, bool forDevice)
    {
        foreach (DmaEntry segment in _staging.Segments(offset, length, default))
        {
            Errno errno = forDevice
                ? _mapper.SyncForDevice(_device, segment.Range.Start, segment.Range.Length, DmaDirection.ToDevice)
                : _mapper.SyncForCpu(_device, segment.Range.Start, segment.Range.Length, DmaDirection.FromDevice);
            if (errno != Errno.None)
            {
                throw new PhysrException("synchronize staging memory", $"{_device} {segment.Range}", errno, "it is not mapped as it should be");
            }
        }
    }
}
