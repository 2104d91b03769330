// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Files;

namespace Physr.Storage.Tests.Files;

/// <summary>A device that forgets some flushes or fences: what a store that forgot to ask for them would do.</summary>
internal sealed class BuggyDevice(IDaxDevice device, BuggyDevice.Bug bug, ulong areaBytes) : IDaxDevice
{
    private bool _wasData;
    private bool _wasCheckpoint;

    public enum Bug
    {
        None,

        /// <summary>Data of new blocks is not flushed before the record says whose they are.</summary>
        NoDataFlush,

        /// <summary>The record is stored before the data is fenced.</summary>
        NoFenceBeforeRecord,

        /// <summary>An operation is acknowledged before its record is durable.</summary>
        NoRecordFlush,

        /// <summary>The same, flushed and not fenced.</summary>
        NoRecordFence,

        /// <summary>A checkpoint counts before it is durable.</summary>
        NoFenceBeforeStateWord,

        /// <summary>A checkpoint's state word is never flushed: the area that took over may not count.</summary>
        NoStateWordFlush,
    }

    public string Name => device.Name;

    public ulong Length => device.Length;

    public bool IsReadOnly => device.IsReadOnly;

    public PersistenceGranularity Granularity => device.Granularity;

    public Errno TryRead(ulong offset, Span<byte> destination) => device.TryRead(offset, destination);

    public Errno TryWrite(ulong offset, ReadOnlySpan<byte> source) => device.TryWrite(offset, source);

    public Errno TryFlush(ulong offset, ulong length)
    {
        ulong areas = 2 * FileStore.BlockBytes;
        _wasData = offset >= areas + (2 * areaBytes);
        _wasCheckpoint = offset == areas || offset == areas + areaBytes;
        bool isForgotten = bug switch
        {
            Bug.NoDataFlush => _wasData,
            Bug.NoRecordFlush => !_wasData && length > 8,
            Bug.NoStateWordFlush => !_wasData && length == 8,
            _ => false,
        };
        return isForgotten ? Errno.None : device.TryFlush(offset, length);
    }

    public Errno TryFence() => bug switch
    {
        Bug.NoFenceBeforeRecord when _wasData => Errno.None,
        Bug.NoRecordFence when !_wasData => Errno.None,
        Bug.NoFenceBeforeStateWord when _wasCheckpoint => Errno.None,
        _ => device.TryFence(),
    };

    public Errno TryClearErrors(ulong offset, ulong length, out ulong cleared) => device.TryClearErrors(offset, length, out cleared);

    public Errno TryDirectAccess(ulong offset, ulong length, DirectAccess access, RangeListBuilder list, out string reason) => device.TryDirectAccess(offset, length, access, list, out reason);

    public bool TryFindOffset(PhysicalAddress address, out ulong offset) => device.TryFindOffset(address, out offset);
}
