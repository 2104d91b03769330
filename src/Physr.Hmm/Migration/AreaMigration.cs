// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;

namespace Physr.Hmm;

/// <summary>Moves the pages of a range of a process's memory (<c>migrate_vma_setup</c>, <c>migrate_vma_pages</c>, <c>migrate_vma_finalize</c>; rows R34 to R38).</summary>
/// <remarks>From <see cref="Setup"/> to <see cref="MigrationBatch.Complete"/> the caller keeps the process's areas as they are: <see cref="AddressSpace.EnterRead"/>, or the fault that it serves.</remarks>
public sealed partial class AreaMigration : MigrationBatch
{
    private AddressSpace? _space;
    private VirtualMemoryArea? _area;
    private ulong _start;
    private bool _isFilling;

    /// <summary>Makes a migration to use again and again.</summary>
    /// <param name="memory">The host's memory.</param>
    /// <param name="owner">Whose device memory it takes and hands out.</param>
    public AreaMigration(PhysicalMemory memory, object owner)
        : base(memory ?? throw new ArgumentNullException(nameof(memory)))
    {
        ArgumentNullException.ThrowIfNull(owner);
        OwnerOfPages = owner;
    }

    /// <summary>Whose device memory it takes and hands out; its own mirror can tell by it that a change is its own (row R30b).</summary>
    public object Owner => OwnerOfPages!;

    /// <summary>Where the batch begins.</summary>
    public VirtualAddress Start => new(_start);

    /// <summary>Collects what can move, locks and unmaps it (row R34).</summary>
    /// <param name="space">The process.</param>
    /// <param name="range">Whole pages inside one area.</param>
    /// <param name="select">Which pages.</param>
    /// <param name="faultPage">The page of the fault that is being served, which holds it locked; null outside of one.</param>
    /// <returns><see cref="Errno.EINVAL"/> for an empty or unaligned range, one that is not inside one area, and areas of devices and direct-access files; nothing is held then.</returns>
    /// <exception cref="PhysrException">The batch before is not complete.</exception>
    public Errno Setup(AddressSpace space, AddressRange<VirtualAddress> range, MigrateSelect select, DevicePage? faultPage = null)
    {
        ArgumentNullException.ThrowIfNull(space);
        ulong start = range.Start.Value;
        ulong end = range.End.Value;
        if (space.Memory != Memory || range.IsEmpty || !range.Start.IsAligned(PageSize.Size4K) || !range.End.IsAligned(PageSize.Size4K) || end > AddressSpace.End)
        {
            return Errno.EINVAL;
        }

        if (space.Find(start) is not { } area || end > area.EndAddress || area.Has(VmFlags.Special) || area.File?.Kind == MemoryFileKind.Dax)
        {
            return Errno.EINVAL;
        }

        Begin(checked((int)(range.Length >> PageSize.Shift4K)));
        FaultPage = faultPage is { } page ? Memory.PageOf(PageKey.Of(page)).Head : default;
        if (!FaultPage.IsNull && !FaultPage.Has(PageFlags.Locked))
        {
            FaultPage = default;
            Abandon();
            return Errno.EINVAL;
        }

        _space = space;
        _area = area;
        _start = start;
        space.NotifyStart(start, end - start, NotifierEvent.Migrate, Owner);
        Collect(start, end, select);
        space.Notifiers.End();
        UnmapElsewhere();
        return Errno.None;
    }

    private protected override void RestoreSole(int index, Page from, Page to)
    {
        RestoreVisitor visitor = new(Memory, from, to);
        visitor.Visit(_area!, AddressOf(index), 0, from.Pages);
    }

    /// <summary>The address of a place of the batch.</summary>
    private ulong AddressOf(int index) => _start + ((ulong)index << PageSize.Shift4K);
}
