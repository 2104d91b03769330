// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Physr.Mm.Interleaving;

namespace Physr.Hmm;

/// <summary>Pages on their way from one memory to another: what <see cref="AreaMigration"/> and <see cref="DeviceMigration"/> have in common.</summary>
/// <remarks>
/// Set up, allocate and copy, <see cref="Migrate"/>, <see cref="Complete"/>. After the set-up every page that can move is locked and unmapped: a touch waits. For each source with
/// <see cref="MigrateFlags.Migrate"/> the driver may put a page of its own into <see cref="Destinations"/> (locked, with one reference) and copies the bytes; one without a page is to be filled with
/// zeros. What has no destination, or lost a race, stays where it was. An object can be used again and again, and then allocates nothing.
/// </remarks>
public abstract partial class MigrationBatch
{
    private MigrateFrame[] _sources = [];
    private MigrateFrame[] _destinations = [];
    private MigrateFrame[] _places = [];
    private int _count;
    private bool _isMigrated;

    private protected MigrationBatch(PhysicalMemory memory) => Memory = memory;

    /// <summary>The host's memory.</summary>
    public PhysicalMemory Memory { get; }

    /// <summary>How many pages the batch is about.</summary>
    public int Count => _count;

    /// <summary>How many of them can move after the set-up (<c>cpages</c>); a page of 2 MiB counts as one.</summary>
    public int Collected { get; private protected set; }

    /// <summary>What there is to move. After <see cref="Migrate"/>, those that still have <see cref="MigrateFlags.Migrate"/> did.</summary>
    public ReadOnlySpan<MigrateFrame> Sources => _sources.AsSpan(0, _count);

    /// <summary>Where to; for a 2 MiB page the first of its 512 places with <see cref="MigrateFlags.Compound"/>.</summary>
    public Span<MigrateFrame> Destinations => _destinations.AsSpan(0, _count);

    private protected Span<MigrateFrame> Moving => _sources.AsSpan(0, _count);

    /// <summary>Whose device memory the batch may hand out and take.</summary>
    private protected object? OwnerOfPages { get; set; }

    /// <summary>The page whose fault is being served: the fault holds it, and has it locked.</summary>
    private protected Page FaultPage { get; set; }

    /// <summary>Gives each page that moves its new place (<c>migrate_vma_pages</c>). Once is enough.</summary>
    public void Migrate()
    {
        if (_isMigrated)
        {
            Memory.Warn("migrate: the batch has been migrated already; nothing moves again");
            return;
        }

        _isMigrated = true;
        for (int i = 0; i < _count; i++)
        {
            MigrateFrame source = _sources[i];
            MigrateFrame destination = _destinations[i];
            if (source.Moves)
            {
                SchedulePoint.Reach("migrate: move");
            }

            bool isDriversToGive = destination.IsValid && CheckDestination(i);
            bool hasMoved = isDriversToGive && source.Moves && (source.IsValid ? MovePage(i) : FillHole(i, destination));
            if (!hasMoved)
            {
                _sources[i] = _sources[i].Without(MigrateFlags.Migrate);
            }

            // What the driver writes from here on changes nothing.
            _places[i] = _destinations[i];
        }

        EndFilling();
    }

    /// <summary>Lets everybody go on: entries name the new pages, or the old ones where nothing moved, and all locks and references of the batch are given back (<c>migrate_vma_finalize</c>).
    /// Without <see cref="Migrate"/> everything stays where it was.</summary>
    public void Complete()
    {
        for (int i = 0; i < _count && !_isMigrated; i++)
        {
            _ = _destinations[i].IsValid && CheckDestination(i);
            _places[i] = _destinations[i];
            _sources[i] = _sources[i].Without(MigrateFlags.Migrate);
        }

        FreedRun freed = new(Memory);
        for (int i = 0; i < _count; i++)
        {
            CompleteOne(i, ref freed);
        }

        freed.Flush();

        _count = 0;
        _isMigrated = false;
        Collected = 0;
        FaultPage = default;
    }

    private protected void Begin(int count)
    {
        if (_count != 0)
        {
            throw new PhysrException("set up migration", "a batch under way", Errno.EBUSY, "complete it first");
        }

        if (_sources.Length < count)
        {
            _sources = new MigrateFrame[count];
            _destinations = new MigrateFrame[count];
            _places = new MigrateFrame[count];
        }

        Array.Clear(_sources, 0, count);
        Array.Clear(_destinations, 0, count);
        Array.Clear(_places, 0, count);
        _count = count;
        _isMigrated = false;
        Collected = 0;
    }

    /// <summary>Forgets a batch that could not be set up; it holds nothing.</summary>
    private protected void Abandon() => _count = 0;

    /// <summary>Unmaps what is still mapped elsewhere, and lets pages go that others hold (<c>migrate_device_unmap</c>, row R34c).</summary>
    private protected void UnmapElsewhere()
    {
        bool hasRefused = false;
        for (int i = 0; i < _count; i++)
        {
            if (!_sources[i].IsValid)
            {
                continue;
            }

            // Every entry that maps a page holds a reference to it.
            Page head = PageOf(i);
            int expected = PhysicalMemory.ExpectedReferences(head) + (head.Equals(FaultPage) ? 1 : 0);
            if (head.References != expected)
            {
                Memory.Unmap(head);
                _sources[i] = _sources[i].Without(MigrateFrame.Sole);
                if (head.References != expected)
                {
                    _sources[i] = _sources[i].Without(MigrateFlags.Migrate);
                    Collected--;
                    hasRefused = true;
                }
            }
        }

        for (int i = 0; hasRefused && i < _count; i++)
        {
            if (_sources[i].IsValid && !_sources[i].Moves)
            {
                Page head = PageOf(i);
                Memory.Restore(head, head);
                LetGo(head);
                _sources[i] = default;
            }
        }
    }
}
