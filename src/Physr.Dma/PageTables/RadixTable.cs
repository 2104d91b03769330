// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using System.Runtime.CompilerServices;
using Physr.Dma.Iommu;

namespace Physr.Dma.PageTables;

/// <summary>What an IO page table of any format is: its limits, its top, its pages, and what is still to be invalidated.</summary>
internal abstract class RadixTable
{
    /// <summary>The low bits of <see cref="_root"/>, and of a word in <see cref="IotlbGather.FreedTables"/>, that hold a level.</summary>
    protected const ulong LevelMask = 7;

    /// <summary>The top table's address and, in the low bits, its level: one word, so that a walker sees both change together when the table grows.</summary>
    protected ulong _root;

    /// <summary>Whether walks mark what they use.</summary>
    protected volatile bool _tracksDirty;

    private readonly Lock _owedLock = new();
    private readonly IotlbGather _owed = new();
    private volatile bool _owes;

    protected RadixTable(ulong pageSizes, ulong last, TablePool pool, bool tracksDirty)
    {
        PageSizes = pageSizes;
        GranuleMask = (1UL << BitOperations.TrailingZeroCount(pageSizes)) - 1;

        // Up to the end of the last page but the very last of 64 bits: no range and no DMA address can name that one's last byte.
        End = last == ulong.MaxValue ? ~(PageSize.Size4K - 1) : last + 1;
        Pool = pool;
        _tracksDirty = tracksDirty;
    }

    /// <summary>The leaf sizes in use, a bit each.</summary>
    public ulong PageSizes { get; }

    /// <summary>The smallest leaf, less one.</summary>
    public ulong GranuleMask { get; }

    /// <summary>One past the highest address that the table can grow to.</summary>
    public ulong End { get; }

    /// <summary>Where its pages come from.</summary>
    public TablePool Pool { get; }

    /// <summary>Levels now.</summary>
    public int Levels => (int)(Volatile.Read(ref _root) & LevelMask);

    /// <summary>Whether walks mark what they use.</summary>
    public bool TracksDirty
    {
        get => _tracksDirty;
        set => _tracksDirty = value;
    }

    /// <summary>Maps a checked range.</summary>
    public abstract Errno Map(ulong iova, ulong physical, ulong length, IommuAccess access);

    /// <summary>Unmaps from an address below <see cref="End"/> up to <paramref name="last"/>, included.</summary>
    public abstract ulong Unmap(ulong iova, ulong last, IotlbGather gather);

    /// <summary>Frees the pages of tables that were cut off, each word a table's address and level.</summary>
    public abstract void Free(List<nint> words);

    /// <summary>Walks without a trace.</summary>
    public abstract bool TryTranslate(ulong iova, out IommuTranslation translation);

    /// <summary>Walks as hardware does.</summary>
    public abstract IommuFaultReason Access(ulong iova, bool isWrite, out IommuTranslation translation);

    /// <summary>Reports dirty leaves up to <paramref name="last"/>, included.</summary>
    public abstract void ReadDirty(ulong iova, ulong last, bool clear, IotlbGather gather, Action<DmaRange> dirty);

    /// <summary>The raw entry that a walk meets at a level.</summary>
    public abstract bool TryReadEntry(ulong iova, int level, out ulong entry);

    /// <summary>Keeps a table that a map replaced until the next unmap hands it over, since a map has no gather of its own.</summary>
    protected void Owe(ulong iova, ulong length, nint freedTable)
    {
        lock (_owedLock)
        {
            _owed.Add(new(iova), length);
            _owed.FreedTables.Add(freedTable);
            _owes = true;
        }
    }

    /// <summary>Keeps what a map undid until the next unmap.</summary>
    protected void Owe(IotlbGather undone)
    {
        if (!undone.IsEmpty)
        {
            lock (_owedLock)
            {
                _owed.Add(new(undone.Start), undone.End - undone.Start);
                _owed.FreedTables.AddRange(undone.FreedTables);
                _owes = true;
            }
        }
    }

    /// <summary>Hands over what earlier maps left to invalidate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected void SettleOwed(IotlbGather gather)
    {
        if (_owes)
        {
            SettleOwedLocked(gather);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SettleOwedLocked(IotlbGather gather)
    {
        lock (_owedLock)
        {
            if (!_owed.IsEmpty)
            {
                gather.Add(new(_owed.Start), _owed.End - _owed.Start);
                gather.FreedTables.AddRange(_owed.FreedTables);
                _owed.Reset();
            }

            _owes = false;
        }
    }
}
