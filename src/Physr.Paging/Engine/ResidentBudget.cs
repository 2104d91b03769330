// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Engine;

/// <summary>How many pages may be in windows: of one region, within what all regions of a pager may have.</summary>
internal sealed class ResidentBudget
{
    private readonly ResidentBudget? _whole;
    private long _used;
    private long _limit;

    /// <summary>Sets a limit.</summary>
    /// <param name="limit">Pages.</param>
    /// <param name="whole">What this is a part of.</param>
    public ResidentBudget(long limit, ResidentBudget? whole)
    {
        _limit = limit;
        _whole = whole;
    }

    /// <summary>Pages that may be there.</summary>
    public long Limit
    {
        get => Volatile.Read(ref _limit);
        set => Volatile.Write(ref _limit, value);
    }

    /// <summary>Pages that are there or on their way.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Pages that are there beyond what may be, here or in the whole.</summary>
    public long Excess => Math.Max(Used - Limit, _whole?.Excess ?? 0);

    /// <summary>Pages that may still come.</summary>
    public long Free => Math.Min(Limit - Used, _whole?.Free ?? long.MaxValue);

    /// <summary>Counts pages in.</summary>
    /// <param name="pages">How many are asked for.</param>
    /// <returns>How many there is room for; those are counted. Perhaps 0.</returns>
    public long Take(long pages)
    {
        long granted = TakeHere(pages);
        if (_whole is null || granted == 0)
        {
            return granted;
        }

        long allowed = _whole.TakeHere(granted);
        Interlocked.Add(ref _used, allowed - granted);
        return allowed;
    }

    /// <summary>Counts pages in whether there is room or not.</summary>
    public void Force(long pages)
    {
        Interlocked.Add(ref _used, pages);
        _whole?.Force(pages);
    }

    /// <summary>Counts pages out.</summary>
    public void Give(long pages) => Force(-pages);

    private long TakeHere(long pages)
    {
        for (long used = Used; ; used = Used)
        {
            long granted = Math.Clamp(Limit - used, 0, pages);
            if (granted == 0 || Interlocked.CompareExchange(ref _used, used + granted, used) == used)
            {
                return granted;
            }
        }
    }
}
