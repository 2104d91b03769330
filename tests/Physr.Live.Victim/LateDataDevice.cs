// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage;

namespace Physr.Live.Victim;

/// <summary>A device that keeps back the bytes of files until the next store to metadata is made: a cache that reorders.</summary>
/// <param name="device">The device.</param>
/// <param name="firstDataByte">Where metadata ends.</param>
internal sealed class LateDataDevice(IDaxDevice device, ulong firstDataByte) : IDaxDevice
{
    private readonly List<(ulong Offset, byte[] Bytes)> _late = [];

    public string Name => device.Name;

    public ulong Length => device.Length;

    public bool IsReadOnly => device.IsReadOnly;

    public PersistenceGranularity Granularity => device.Granularity;

    public Errno TryRead(ulong offset, Span<byte> destination)
    {
        Errno errno = StoreLate();
        return errno == Errno.None ? device.TryRead(offset, destination) : errno;
    }

    public Errno TryWrite(ulong offset, ReadOnlySpan<byte> source)
    {
        if (offset >= firstDataByte)
        {
            _late.Add((offset, source.ToArray()));
            return Errno.None;
        }

        Errno errno = device.TryWrite(offset, source);
        Thread.SpinWait(_late.Count == 0 ? 0 : 20_000);
        return errno == Errno.None ? StoreLate() : errno;
    }

    public Errno TryFlush(ulong offset, ulong length) => device.TryFlush(offset, length);

    public Errno TryFence() => device.TryFence();

    public Errno TryClearErrors(ulong offset, ulong length, out ulong cleared) => device.TryClearErrors(offset, length, out cleared);

    public Errno TryDirectAccess(ulong offset, ulong length, DirectAccess access, RangeListBuilder list, out string reason) => device.TryDirectAccess(offset, length, access, list, out reason);

    public bool TryFindOffset(PhysicalAddress address, out ulong offset) => device.TryFindOffset(address, out offset);

    private Errno StoreLate()
    {
        foreach ((ulong offset, byte[] bytes) in _late)
        {
            Errno errno = device.TryWrite(offset, bytes);
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        _late.Clear();
        return Errno.None;
    }
}
