// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Iommufd.Uapi;

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>Where a guest's IOMMU events of one kind wait to be read (<c>IOMMU_VEVENTQ_ALLOC</c>). It holds a number of events; what comes then is lost, and a reader
/// that has caught up is told so. Thread-safe.</summary>
/// <remarks>Every event takes the next number, lost ones too, so that a gap shows how many. The mark for lost events stands behind what is held, and only while nothing newer does.</remarks>
public sealed class VirtualEventQueue : IommufdObject, IEventQueue
{
    private const uint LostEvents = 1;

    private static readonly int s_headerSize = Unsafe.SizeOf<IommufdVeventHeader>();

    private readonly Lock _lock = new();
    private readonly Queue<(uint Sequence, byte[] Data)> _events = [];
    private Action? _abandonFile;
    private uint _sequence;
    private uint? _lost;

    internal VirtualEventQueue(IommufdContext context, uint id, VirtualIommu viommu, uint type, uint depth)
        : base(context, IommufdObjectKind.VirtualEventQueue, id)
    {
        VirtualIommu = viommu;
        Type = type;
        Depth = depth;
    }

    /// <summary>Whose events.</summary>
    public VirtualIommu VirtualIommu { get; }

    /// <summary>Which kind.</summary>
    public uint Type { get; }

    /// <summary>Most events held.</summary>
    public uint Depth { get; }

    /// <inheritdoc/>
    public Action? Readable { get; set; }

    /// <inheritdoc/>
    public bool IsReadable
    {
        get
        {
            lock (_lock)
            {
                return _events.Count != 0 || _lost is not null;
            }
        }
    }

    /// <inheritdoc/>
    public bool IsWritable => false;

    /// <inheritdoc/>
    internal override bool IsHeldByOwner
    {
        get
        {
            lock (_lock)
            {
                return _abandonFile is not null;
            }
        }
    }

    /// <inheritdoc/>
    public Errno Read(Span<byte> destination, out int length)
    {
        length = 0;
        lock (_lock)
        {
            while (_events.TryPeek(out (uint Sequence, byte[] Data) oldest) && s_headerSize + oldest.Data.Length <= destination.Length - length)
            {
                _events.Dequeue();
                IommufdVeventHeader header = new() { Sequence = oldest.Sequence };
                MemoryMarshal.Write(destination[length..], in header);
                oldest.Data.CopyTo(destination[(length + s_headerSize)..]);
                length += s_headerSize + oldest.Data.Length;
            }

            if (_events.Count == 0 && _lost is { } lost && s_headerSize <= destination.Length - length)
            {
                _lost = null;
                IommufdVeventHeader header = new() { Flags = LostEvents, Sequence = lost };
                MemoryMarshal.Write(destination[length..], in header);
                length += s_headerSize;
            }
        }

        return Errno.None;
    }

    /// <summary>Refused: nothing is answered.</summary>
    /// <returns><see cref="Errno.EBADF"/>.</returns>
    public Errno Write(ReadOnlySpan<byte> source, out int length)
    {
        length = 0;
        return Errno.EBADF;
    }

    /// <summary>Opens its file; it has one.</summary>
    internal EventQueueFile Open()
    {
        lock (_lock)
        {
            EventQueueFile file = new(this, Closed);
            _abandonFile = file.Abandon;
            return file;
        }
    }

    /// <summary>Takes an event, or notes that it is lost.</summary>
    internal Errno Add(ReadOnlySpan<byte> data)
    {
        bool isMemoryShort = false;
        lock (_lock)
        {
            bool isLost = _events.Count >= Depth || (isMemoryShort = !Context.Passes("virtual event"));
            if (isLost)
            {
                _lost = _sequence;
            }
            else
            {
                _lost = null;
                _events.Enqueue((_sequence, data.ToArray()));
            }

            _sequence = (_sequence + 1) & int.MaxValue;
        }

        Readable?.Invoke();
        return isMemoryShort ? Errno.ENOMEM : Errno.None;
    }

    /// <inheritdoc/>
    internal override void Release()
    {
        lock (_lock)
        {
            _abandonFile?.Invoke();
        }

        VirtualIommu.Remove(this);
        VirtualIommu.EndUse();
    }

    private void Closed()
    {
        lock (_lock)
        {
            _abandonFile = null;
        }
    }
}
