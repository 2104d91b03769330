// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Iommufd.Uapi;
using Physr.Dma.Sharing;

namespace Physr.Dma.Tests.Iommufd.Uapi;

/// <summary>A process's open files.</summary>
internal sealed class UserFiles : IUserFiles
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, EventQueueFile?> _open = [];
    private int _next = 3;

    public Dictionary<int, IMappableFile> Mappable { get; } = [];

    public Dictionary<int, DmaBuf> Buffers { get; } = [];

    public int OpenCount
    {
        get
        {
            lock (_lock)
            {
                return _open.Count;
            }
        }
    }

    public EventQueueFile this[int descriptor]
    {
        get
        {
            lock (_lock)
            {
                return _open[descriptor]!;
            }
        }
    }

    public Errno TryReserve(out int descriptor)
    {
        lock (_lock)
        {
            descriptor = _next++;
            _open.Add(descriptor, null);
            return Errno.None;
        }
    }

    public void Install(int descriptor, EventQueueFile file)
    {
        lock (_lock)
        {
            Assert.Null(_open[descriptor]);
            _open[descriptor] = file;
        }
    }

    public void Abandon(int descriptor)
    {
        lock (_lock)
        {
            Assert.True(_open.Remove(descriptor, out EventQueueFile? file));
            Assert.Null(file);
        }
    }

    public void Close(int descriptor)
    {
        EventQueueFile? file;
        lock (_lock)
        {
            _open.Remove(descriptor, out file);
        }

        file?.Dispose();
    }

    public EventQueueFile? Any(Random random)
    {
        lock (_lock)
        {
            EventQueueFile[] files = [.. _open.Values.OfType<EventQueueFile>()];
            return files.Length == 0 ? null : files[random.Next(files.Length)];
        }
    }

    public void CloseOne(Random random)
    {
        int descriptor;
        lock (_lock)
        {
            int[] installed = [.. _open.Where(static pair => pair.Value is not null).Select(static pair => pair.Key)];
            if (installed.Length == 0)
            {
                return;
            }

            descriptor = installed[random.Next(installed.Length)];
        }

        Close(descriptor);
    }

    public bool TryGetMappable(int descriptor, [NotNullWhen(true)] out IMappableFile? file) => Mappable.TryGetValue(descriptor, out file);

    public bool TryGetDmaBuf(int descriptor, [NotNullWhen(true)] out DmaBuf? buffer) => Buffers.TryGetValue(descriptor, out buffer);
}
