// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>Something in the table of an <see cref="IommufdContext"/>, with an id and a count of those who use it.</summary>
/// <remarks>One word says everything: the number of users, or that the object is gone. A call counts as a user while it runs, and so does each object that needs
/// this one; only what nobody uses can be destroyed, and what is gone takes no new user. Thread-safe without a lock.</remarks>
public abstract class IommufdObject
{
    private const int Gone = -1;

    private int _users;

    private protected IommufdObject(IommufdContext context, IommufdObjectKind kind, uint id)
    {
        Context = context;
        Kind = kind;
        Id = id;
    }

    /// <summary>The context it lives in.</summary>
    public IommufdContext Context { get; }

    /// <summary>What it is.</summary>
    public IommufdObjectKind Kind { get; }

    /// <summary>Its id in the context, from 1.</summary>
    public uint Id { get; }

    /// <summary>Calls under way and objects that need it; 0 for one that was destroyed.</summary>
    public int Users => Math.Max(0, Volatile.Read(ref _users));

    /// <summary>Whether it was destroyed.</summary>
    public bool IsDestroyed => Volatile.Read(ref _users) == Gone;

    /// <summary>Whether only its owner ends it: a device's driver, an access's user. Destroying it by id is then <see cref="Errno.EBUSY"/>.</summary>
    internal virtual bool IsHeldByOwner => false;

    /// <summary>Destroys it.</summary>
    /// <returns><see cref="Errno.EBUSY"/> while something uses it; <see cref="Errno.ENOENT"/> when it is gone already.</returns>
    public Errno Destroy() => Context.Destroy(this);

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {Id}";

    /// <summary>Becomes a user of it; false when it is gone.</summary>
    internal bool TryUse()
    {
        int users = Volatile.Read(ref _users);
        while (users != Gone)
        {
            int found = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (found == users)
            {
                return true;
            }

            users = found;
        }

        return false;
    }

    /// <summary>Becomes a user of it until the end of a block.</summary>
    internal ObjectUse Use() => new(TryUse() ? this : null);

    /// <summary>Stops being a user of it.</summary>
    internal void EndUse()
    {
        if (Interlocked.Decrement(ref _users) < 0)
        {
            throw new PhysrException("end use", ToString(), Errno.EINVAL, "more uses ended than began");
        }
    }

    /// <summary>Makes it gone for everybody, if nobody uses it.</summary>
    internal bool TryRetire() => Interlocked.CompareExchange(ref _users, Gone, 0) == 0;

    /// <summary>Makes it gone once the calls under way have ended. No object may need it any more.</summary>
    internal void Retire()
    {
        SpinWait wait = default;
        while (!TryRetire())
        {
            wait.SpinOnce();
        }
    }

    /// <summary>Gives back what it holds, after it is gone for everybody. Never fails.</summary>
    internal abstract void Release();
}
