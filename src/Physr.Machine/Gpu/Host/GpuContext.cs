// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <summary>An address space of a GPU, as its driver keeps it. A change is in the page tables when the call returns; translations that the GPU has cached stay in use until
/// <see cref="Invalidate"/>. Allowing more, or mapping where nothing was, needs none.</summary>
public sealed partial class GpuContext : IDisposable
{
    private readonly GpuMmuDriver _driver;
    private readonly GpuTable _root;
    private bool _disposed;

    internal GpuContext(GpuMmuDriver driver, int id, GpuTable root)
    {
        _driver = driver;
        _root = root;
        Id = id;
        driver.Write(root, 0, GpuPageEntry.EntriesPerTable);
    }

    /// <summary>The number by which the hardware knows it.</summary>
    public int Id { get; }

    /// <summary>4 KiB pages that are mapped; a 2 MiB leaf is 512 of them.</summary>
    public ulong MappedPages { get; private set; }

    internal ulong Root => _root.Offset;

    /// <summary>What the page tables say of an address; what the GPU has cached may be older.</summary>
    /// <param name="address">Any address.</param>
    /// <param name="mapping">The 4 KiB page that it lies in.</param>
    /// <param name="pageSize">Bytes that the leaf maps.</param>
    public bool TryFind(VirtualAddress address, out GpuPageMapping mapping, out ulong pageSize)
    {
        mapping = default;
        pageSize = 0;
        if (address.Value >> GpuPageEntry.VirtualBits != 0)
        {
            return false;
        }

        GpuTable? table = _root;
        while (table is not null)
        {
            int index = GpuPageEntry.IndexOf(address.Value, table.Level);
            if (!table.IsLeaf(index))
            {
                table = table.Below(index);
                continue;
            }

            GpuPageEntry leaf = new(table.Entries[index]);
            pageSize = GpuPageEntry.Span(table.Level);
            VirtualAddress page = address.AlignDown(PageSize.Size4K);
            GpuPageTarget target = new(leaf.IsSystem ? GpuAperture.System : GpuAperture.Local, leaf.Address + (page.Value & (pageSize - 1)));
            mapping = new(page, target, FlagsOf(leaf));
            return true;
        }

        return false;
    }

    /// <summary>Makes the GPU forget what it has cached of a range, and waits until no access that began with an old translation is under way. Steps the machine.</summary>
    /// <returns><see cref="Errno.ENODEV"/> when the device is gone, <see cref="Errno.ETIMEDOUT"/> when the machine came to rest first.</returns>
    public Errno Invalidate(VirtualAddress start, ulong length) => _driver.Invalidate(Id, start.Value, length, isWhole: false);

    /// <summary>The same for the whole context.</summary>
    public Errno InvalidateAll() => _driver.Invalidate(Id, 0, 0, isWhole: true);

    /// <summary>Gives the address space back: commands that still use it end with <see cref="GpuComputeStatus.NoContext"/>. Steps the machine.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _driver.Forget(this);
            Clear(_root, 0, (1UL << GpuPageEntry.VirtualBits) - 1);
            _driver.Tables.Return(_root);
        }
    }

    private static GpuPageFlags FlagsOf(GpuPageEntry leaf) =>
        ((leaf.Raw & GpuPageEntry.Writable) != 0 ? GpuPageFlags.Writable : GpuPageFlags.None) | ((leaf.Raw & GpuPageEntry.Atomic) != 0 ? GpuPageFlags.Atomic : GpuPageFlags.None);

    private static ulong BitsOf(GpuPageFlags flags) =>
        ((flags & GpuPageFlags.Writable) != GpuPageFlags.None ? GpuPageEntry.Writable : 0) | ((flags & GpuPageFlags.Atomic) != GpuPageFlags.None ? GpuPageEntry.Atomic : 0);

    private static ulong Leaf(GpuPageTarget target, GpuPageFlags flags, int level) =>
        GpuPageEntry.Valid | target.Value | BitsOf(flags)
        | (target.Aperture == GpuAperture.System ? GpuPageEntry.System : 0) | (level == GpuPageEntry.LargeLevel ? GpuPageEntry.Large : 0);

    private static bool IsVirtual(VirtualAddress start, ulong length) =>
        start.IsAligned(PageSize.Size4K) && length % PageSize.Size4K == 0
        && start.Value < 1UL << GpuPageEntry.VirtualBits && length <= (1UL << GpuPageEntry.VirtualBits) - start.Value;

    private static bool AreFlags(GpuPageFlags flags) => flags is GpuPageFlags.None or GpuPageFlags.Writable or (GpuPageFlags.Writable | GpuPageFlags.Atomic);

    private bool IsTarget(GpuPageTarget target, ulong length)
    {
        ulong end = target.Aperture == GpuAperture.Local ? _driver.MemorySize : GpuPageEntry.AddressMask + PageSize.Size4K;
        return target.Value % PageSize.Size4K == 0 && target.Value <= end && length <= end - target.Value;
    }
}
