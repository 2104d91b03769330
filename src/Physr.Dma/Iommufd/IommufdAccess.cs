// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>Use of an I/O address space by the CPU (<c>struct iommufd_access</c>, row R76): pins what devices would reach, or reads and writes it.</summary>
public sealed partial class IommufdAccess : IommufdObject, IDisposable
{
    internal IommufdAccess(IommufdContext context, uint id, IAccessUser user)
        : base(context, IommufdObjectKind.Access, id) => User = user;

    /// <summary>Who is told of unmaps.</summary>
    public IAccessUser User { get; }

    /// <inheritdoc/>
    internal override bool IsHeldByOwner => true;

    /// <summary>Uses an address space from now on.</summary>
    /// <returns><see cref="Errno.EINVAL"/> where it uses one already; <see cref="Errno.ENOENT"/> for what is gone; <see cref="Errno.EADDRINUSE"/> where a mapping does not lie
    /// on the pages that its user needs; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno Attach(IoAddressSpace ioas) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    /// <summary>Uses another address space from now on; its user is told to unpin everything first.</summary>
    /// <returns><see cref="Errno.ENOENT"/> where it uses none; else as <see cref="Attach"/>.</returns>
    public Errno Replace(IoAddressSpace ioas) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    /// <summary>Stops using its address space; its user is told to unpin everything first.</summary>
    public void Detach()
    {
        _ = IsDestroyed;
    }

    /// <summary>Pins the pages behind a range and gives their physical ranges.</summary>
    /// <param name="iova">The first address.</param>
    /// <param name="length">Bytes; every page touched is pinned.</param>
    /// <param name="flags">Whether they will be written.</param>
    /// <param name="pages">Whole 4 KiB pages in the order of their addresses.</param>
    /// <returns><see cref="Errno.ENOENT"/> where a part is not mapped; <see cref="Errno.EPERM"/> where it may not be accessed so; <see cref="Errno.EINVAL"/>;
    /// <see cref="Errno.EOVERFLOW"/>; what pinning answers. On failure nothing is pinned.</returns>
    public Errno Pin(DmaAddress iova, ulong length, AccessFlags flags, out RangeList pages)
    {
        pages = RangeList.Empty;
        return IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;
    }

    /// <summary>Unpins what one <see cref="Pin"/> pinned.</summary>
    /// <returns><see cref="Errno.ENOENT"/> where no such pin is held.</returns>
    public Errno Unpin(DmaAddress iova, ulong length) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    /// <summary>Reads bytes at any address and of any number.</summary>
    /// <returns>As <see cref="Pin"/>; part may have been read.</returns>
    public Errno Read(DmaAddress iova, Span<byte> destination, AccessFlags flags = AccessFlags.Read) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    /// <summary>Writes bytes at any address and of any number.</summary>
    /// <returns>As <see cref="Pin"/>; part may have been written.</returns>
    public Errno Write(DmaAddress iova, ReadOnlySpan<byte> source, AccessFlags flags = AccessFlags.Write) => IsDestroyed ? Errno.ENOENT : Errno.EOPNOTSUPP;

    /// <summary>Detaches and ends it.</summary>
    public void Dispose()
    {
        Detach();
        Retire();
        Context.End(this);
    }

    /// <inheritdoc/>
    internal override void Release()
    {
    }
}
