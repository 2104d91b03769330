// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>Use of an I/O address space by the CPU (<c>struct iommufd_access</c>, row R76): pins what devices would reach, or reads and writes it.</summary>
/// <remarks>Thread-safe. Its lock is held while it pins and unpins, so that once it left an address space nothing is pinned there any more.</remarks>
public sealed partial class IommufdAccess : IommufdObject, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(ulong Iova, ulong Length), int> _pins = [];
    private IoAddressSpace? _ioas;

    /// <summary>Where pins may still be held: the same, but for the time in which it leaves that.</summary>
    private IoAddressSpace? _pinnedIn;
    private bool _isChanging;
    private int _disposed;

    internal IommufdAccess(IommufdContext context, uint id, IAccessUser user)
        : base(context, IommufdObjectKind.Access, id)
    {
        User = user;
        NeedsPinnedPages = user.NeedsPinnedPages;
    }

    /// <summary>Who is told of unmaps.</summary>
    public IAccessUser User { get; }

    /// <summary>What it uses; null when nothing.</summary>
    public IoAddressSpace? AddressSpace
    {
        get
        {
            lock (_lock)
            {
                return _ioas;
            }
        }
    }

    /// <summary>Whether its user pins; what it said at the beginning, since alignments rest on it.</summary>
    internal bool NeedsPinnedPages { get; }

    /// <inheritdoc/>
    internal override bool IsHeldByOwner => true;

    /// <summary>Uses an address space from now on.</summary>
    /// <param name="ioas">Of the same context.</param>
    /// <returns><see cref="Errno.EINVAL"/> where it uses one already; <see cref="Errno.EBUSY"/> while it leaves one; <see cref="Errno.ENOENT"/> for what is gone;
    /// <see cref="Errno.EADDRINUSE"/> where a mapping does not lie on the pages that its user needs; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno Attach(IoAddressSpace ioas)
    {
        ArgumentNullException.ThrowIfNull(ioas);
        return Change(ioas, isReplacing: false);
    }

    /// <summary>Uses another address space from now on; its user is told to unpin everything first.</summary>
    /// <inheritdoc cref="Attach"/>
    /// <returns><see cref="Errno.ENOENT"/> where it uses none; else as <see cref="Attach"/>. On failure it stays where it was.</returns>
    public Errno Replace(IoAddressSpace ioas)
    {
        ArgumentNullException.ThrowIfNull(ioas);
        return Change(ioas, isReplacing: true);
    }

    /// <summary>Stops using its address space: its user is told to unpin everything, and what it does not is unpinned for it.</summary>
    /// <returns><see cref="Errno.ENOENT"/> where it uses none or is gone; <see cref="Errno.EBUSY"/> while another call changes that.</returns>
    public Errno Detach() => Change(null, isReplacing: true);

    /// <summary>Detaches and ends it; calls under way are waited for. Not from inside <see cref="IAccessUser.Unmap"/>.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            SpinWait wait = default;
            while (Detach() == Errno.EBUSY)
            {
                wait.SpinOnce();
            }

            Retire();
            Context.End(this);
        }
    }

    /// <inheritdoc/>
    internal override void Release()
    {
    }

    /// <summary>Tells its user that a range goes away.</summary>
    internal void NotifyUnmap(DmaAddress iova, ulong length)
    {
        using ObjectUse use = NeedsPinnedPages ? Use() : default;
        if (use.IsHeld)
        {
            User.Unmap(iova, length);
        }
    }

    private Errno Change(IoAddressSpace? next, bool isReplacing)
    {
        using ObjectUse use = Use();
        if ((next is not null && !ReferenceEquals(next.Context, Context)) || !use.IsHeld)
        {
            return Errno.ENOENT;
        }

        IoAddressSpace? old;
        lock (_lock)
        {
            old = _ioas;
            Errno errno = _isChanging ? Errno.EBUSY
                : old is null && isReplacing ? Errno.ENOENT
                : old is not null && !isReplacing ? Errno.EINVAL
                : next is null || ReferenceEquals(next, old) ? Errno.None
                : next.TryUse() ? Errno.None : Errno.ENOENT;
            if (errno != Errno.None || ReferenceEquals(next, old))
            {
                return errno;
            }

            errno = next?.AddAccess(this) ?? Errno.None;
            if (errno != Errno.None)
            {
                next!.EndUse();
                return errno;
            }

            _isChanging = true;
            _ioas = null;
        }

        try
        {
            NotifyLeaving(old);
        }
        finally
        {
            Leave(old);
            lock (_lock)
            {
                _ioas = _pinnedIn = next;
                _isChanging = false;
            }
        }

        return Errno.None;
    }

    private void NotifyLeaving(IoAddressSpace? old)
    {
        if (old is not null)
        {
            NotifyUnmap(new(0), ulong.MaxValue);
        }
    }

    private void Leave(IoAddressSpace? old)
    {
        if (old is not null)
        {
            lock (_lock)
            {
                EndPins(old);
                _pinnedIn = null;
            }

            old.RemoveAccess(this);
            old.EndUse();
        }
    }
}
