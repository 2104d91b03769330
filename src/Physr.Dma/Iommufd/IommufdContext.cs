// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>One user's I/O address spaces, page tables, devices and accesses: an open <c>/dev/iommu</c> (rows R71 to R78).</summary>
/// <remarks>Thread-safe: any call may run beside any other. Locks are taken in this order, and none is held while an access's user is called back:
/// a device's or an access's own; an address space's automatic tables; an address space; a run of shared pages; the object table.</remarks>
public sealed partial class IommufdContext : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, IommufdObject> _objects = [];
    private readonly PriorityQueue<uint, uint> _freeIds = new();
    private readonly Lock _bindLock = new();
    private readonly Lock _processLock = new();
    private uint _lastId;
    private int _unfinished;
    private bool _closed;
    private PinAccounting _accounting;
    private IUserMemory _process;

    /// <summary>Opens a context for a process.</summary>
    /// <param name="process">Whose memory is mapped, and who pays for it.</param>
    /// <param name="options">Null for the defaults.</param>
    public IommufdContext(IUserMemory process, IommufdOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(process);
        _process = process;
        Options = options ?? new();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Options.BatchPages, nameof(options));
        _accounting = Options.Accounting;
    }

    /// <summary>How it was set up.</summary>
    public IommufdOptions Options { get; }

    /// <summary>Whose memory is mapped where a call names none.</summary>
    public IUserMemory Process => Volatile.Read(ref _process);

    /// <summary>How memory mapped from now on is charged.</summary>
    public PinAccounting Accounting
    {
        get
        {
            lock (_lock)
            {
                return _accounting;
            }
        }
    }

    /// <summary>Objects there are.</summary>
    public int ObjectCount
    {
        get
        {
            lock (_lock)
            {
                return _objects.Count;
            }
        }
    }

    private bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _objects.Count == 0 && _unfinished == 0;
            }
        }
    }

    /// <summary>Finds an object by its id; <see cref="Errno.ENOENT"/> where there is none of that type.</summary>
    public Errno Find<T>(uint id, out T? found)
        where T : IommufdObject
    {
        lock (_lock)
        {
            found = _objects.GetValueOrDefault(id) as T;
            return found is null ? Errno.ENOENT : Errno.None;
        }
    }

    /// <summary>Destroys an object (<c>IOMMU_DESTROY</c>).</summary>
    /// <returns><see cref="Errno.ENOENT"/> for no such id, <see cref="Errno.EBUSY"/> while it is used or where only its owner may end it.</returns>
    public Errno Destroy(uint id) => Find(id, out IommufdObject? found) is var errno && errno != Errno.None ? errno : Destroy(found!);

    /// <summary>Closes the context: ends accesses and devices, then destroys everything. Calls under way are waited for.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
        }

        SpinWait wait = default;
        while (!IsEmpty)
        {
            foreach (IommufdAccess access in Snapshot<IommufdAccess>())
            {
                access.Dispose();
            }

            foreach (IommufdDevice device in Snapshot<IommufdDevice>())
            {
                device.Unbind();
            }

            foreach (IommufdObject left in Snapshot<IommufdObject>())
            {
                if (left.TryRetire())
                {
                    End(left);
                }
            }

            wait.SpinOnce();
        }
    }

    /// <summary>Destroys an object unless something uses it.</summary>
    internal Errno Destroy(IommufdObject condemned)
    {
        if (condemned.IsDestroyed)
        {
            return Errno.ENOENT;
        }

        if (condemned.IsHeldByOwner || !condemned.TryRetire())
        {
            return condemned.IsDestroyed ? Errno.ENOENT : Errno.EBUSY;
        }

        End(condemned);
        return Errno.None;
    }

    /// <summary>Takes an object that was just made gone out of the table and lets it give back what it holds.</summary>
    internal void End(IommufdObject retired)
    {
        lock (_lock)
        {
            _objects.Remove(retired.Id);
            _freeIds.Enqueue(retired.Id, retired.Id);
        }

        retired.Release();
    }

    /// <summary>Takes the lowest free id, for an object that is not ready yet.</summary>
    internal Errno TryReserveId(out uint id)
    {
        id = 0;
        if (!Passes("object id"))
        {
            return Errno.ENOMEM;
        }

        lock (_lock)
        {
            if (_closed)
            {
                return Errno.ENODEV;
            }

            id = _freeIds.TryDequeue(out uint free, out _) ? free : ++_lastId;
            _unfinished++;
            return Errno.None;
        }
    }

    /// <summary>Gives an id back whose object did not come to be.</summary>
    internal void AbandonId(uint id)
    {
        lock (_lock)
        {
            _unfinished--;
            _freeIds.Enqueue(id, id);
        }
    }

    /// <summary>Lets an object be found, now that it is ready.</summary>
    internal void Publish(IommufdObject ready)
    {
        lock (_lock)
        {
            _unfinished--;
            _objects.Add(ready.Id, ready);
        }
    }

    /// <summary>Whether a step that may fail goes ahead (row R91).</summary>
    internal bool Passes(string site) => Options.Gate?.TryPass(site) ?? true;

    /// <summary>The objects of one type at this moment.</summary>
    internal List<T> Snapshot<T>()
        where T : IommufdObject
    {
        lock (_lock)
        {
            return [.. _objects.Values.OfType<T>()];
        }
    }

    /// <summary>Reserves an id and makes an object of it.</summary>
    private Errno TryCreate<T>(Func<uint, T> make, out T? made)
        where T : IommufdObject
    {
        made = null;
        Errno errno = TryReserveId(out uint id);
        if (errno == Errno.None)
        {
            made = make(id);
            Publish(made);
        }

        return errno;
    }
}
