// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Physr.Storage.Files;

namespace Physr.Storage.Mapping;

/// <summary>A file store with process memory above it: its files can be mapped where they lie, with page descriptors from the first mapping to the last, and change their extents only when no mapping and
/// no transfer is in the way (rows R80 to R83).</summary>
/// <remarks>Change mapped files through <see cref="MountedFile"/> and the mount: a change past them, of pages that are mapped or held, is refused with <see cref="Errno.EBUSY"/>.</remarks>
public sealed class FileMount : IFileMappings, IDisposable
{
    [ThreadStatic]
    private static MountedFile? s_changing;

    private readonly IReadOnlyList<DescriptorBacking> _backings;
    private readonly Dictionary<ulong, MountedFile> _open = [];

    /// <summary>Puts process memory above a store.</summary>
    /// <param name="store">The files; nobody else has mappings of them.</param>
    /// <param name="device">What they lie on.</param>
    /// <param name="memory">Must know the bytes: <see cref="PhysicalMemory.AttachBytes"/>.</param>
    /// <param name="backings">Who makes page descriptors, by region; empty where pagemaps describe all of it already.</param>
    public FileMount(FileStore store, IDaxDevice device, PhysicalMemory memory, IReadOnlyList<DescriptorBacking> backings)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(backings);
        if (store.Mappings is not null)
        {
            throw new PhysrException("mount store", store.Name, Errno.EBUSY, "it is mounted already");
        }

        Store = store;
        Device = device;
        Memory = memory;
        _backings = backings;
        store.Mappings = this;
        using RangeListBuilder list = RangeListBuilder.Rent();
        bool isRefused = device.TryDirectAccess(0, PageSize.Size4K, DirectAccess.Write, list, out string reason) == Errno.EOPNOTSUPP;
        AllowsSharedWrites = !store.IsReadOnly && !isRefused;
        SharedWriteRefusal = AllowsSharedWrites ? "" : store.IsReadOnly ? $"{store.Name} is mounted read-only" : reason;
    }

    /// <summary>The store.</summary>
    public FileStore Store { get; }

    /// <summary>What it lies on.</summary>
    public IDaxDevice Device { get; }

    /// <summary>Process memory.</summary>
    public PhysicalMemory Memory { get; }

    /// <summary>Whether a store through a shared mapping reaches all there is of a byte: not where the device keeps copies or parity beside it.</summary>
    public bool AllowsSharedWrites { get; }

    /// <summary>Why not, and what to do; empty where it does.</summary>
    public string SharedWriteRefusal { get; }

    /// <summary>Opens a file.</summary>
    /// <returns><see cref="Errno.ENOENT"/>.</returns>
    public Errno TryOpen(string name, out MountedFile? file)
    {
        file = null;
        Errno errno = Store.TryOpen(name, out StoreFile? found);
        if (errno == Errno.None)
        {
            lock (_open)
            {
                if (!_open.TryGetValue(found!.Id, out file))
                {
                    file = new(this, found);
                    _open.Add(found.Id, file);
                }
            }
        }

        return errno;
    }

    /// <summary>Removes a file: unmaps it everywhere, and waits until nobody holds a page of it.</summary>
    /// <returns><see cref="Errno.ENOENT"/>; <see cref="Errno.EINTR"/> where the wait was interrupted.</returns>
    public Errno TryUnlink(string name, CancellationToken cancellationToken = default)
    {
        Errno errno = TryOpen(name, out MountedFile? file);
        return errno != Errno.None ? errno : file!.Change(0, ulong.MaxValue, evenOwnCopies: true, () => Store.TryUnlink(name), cancellationToken);
    }

    /// <inheritdoc/>
    public Errno BeforeExtentsGo(StoreFile file, ulong firstPage, ulong pages)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (s_changing?.File == file)
        {
            return Errno.None;
        }

        lock (_open)
        {
            return _open.TryGetValue(file.Id, out MountedFile? open) && open.Mapped.AssociatedPages != 0 ? Errno.EBUSY : Errno.None;
        }
    }

    /// <summary>Lets go of the store. Nobody may map its files.</summary>
    /// <exception cref="PhysrException">Somebody does.</exception>
    public void Dispose()
    {
        lock (_open)
        {
            foreach (MountedFile file in _open.Values)
            {
                file.Close();
            }

            _open.Clear();
        }

        Store.Mappings = null;
    }

    /// <summary>Runs what changes a file's extents; whoever asks meanwhile is told that nothing is in the way.</summary>
    internal static Errno During(MountedFile file, Func<Errno> change)
    {
        MountedFile? before = s_changing;
        s_changing = file;
        try
        {
            return change();
        }
        finally
        {
            s_changing = before;
        }
    }

    internal DescriptorUse[] OpenUses(string name, Action onIdle) => [.. _backings.Select(backing => backing.Open(name, onIdle))];

    internal int BackingOf(PhysicalRange range)
    {
        for (int i = 0; i < _backings.Count; i++)
        {
            if (_backings[i].Region.Contains(range))
            {
                return i;
            }
        }

        return -1;
    }
}
