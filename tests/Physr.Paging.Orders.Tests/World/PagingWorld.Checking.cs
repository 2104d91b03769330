// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Paging.Control;
using Physr.Paging.Engine;

namespace Physr.Paging.Orders.Tests;

/// <content>What holds at every point, and what holds at the end.</content>
internal sealed unsafe partial class PagingWorld
{
    private const int InstructionPages = 6;
    private const int LeastReserve = 16;

    private readonly List<(Client Client, int Page, bool IsWrite)> _held = [];

    public void Held(Client client, int first, int count, bool isWrite)
    {
        for (int page = first; page < first + count; page++)
        {
            _held.Add((client, page, isWrite));
        }
    }

    public void LetGo(Client client, int first, int count)
    {
        for (int page = first; page < first + count; page++)
        {
            _held.RemoveAt(_held.FindIndex(held => held.Client == client && held.Page == page));
        }
    }

    public bool IsHeld(Client client, int page, bool isWrite) => _held.Exists(held => held.Client == client && held.Page == page && (held.IsWrite || !isWrite));

    /// <summary>At every point, whoever stands where, and also while no pager lives.</summary>
    public void Check()
    {
        for (int page = 0; page < Options.Pages; page++)
        {
            uint word = Volatile.Read(ref Control.Word((ulong)page));
            string? wrong = WrongBytes(page) ?? WrongWord(page, word);
            if (wrong is not null)
            {
                Assert.Fail($"{wrong}: {Describe(page)}");
            }
        }

        foreach ((_, int page, bool isWrite) in _held)
        {
            if (!Kernel.IsTouchable(page, isWrite) && !Kernel.IsUnmapped(page) && !Kernel.IsDiscarded(page))
            {
                Assert.Fail($"a page that is leased{(isWrite ? " for writing" : "")} left, or lost that right: {Describe(page)}");
            }
        }

        if (Pager.IsServing)
        {
            CheckBudget();
        }
    }

    /// <summary>Once all threads have ended: nothing is owned, nothing waits, every page can be had and can leave, and each is where it should be.</summary>
    public void Finish()
    {
        RegionEngine engine = Pager.Engine;
        Medium.Mend();
        Pager.Window.Failures = default;
        Client client = NewClient();
        Assert.Empty(Kernel.Faulters);
        Assert.Empty(_sleepers);
        Assert.Empty(_held);
        for (int page = 0; page < Options.Pages; page++)
        {
            const uint none = PageWord.Busy | PageWord.Missed | PageWord.Pins | PageWord.Waiters;
            Assert.True((Control.Word((ulong)page) & none) == 0, $"at the end {Describe(page)}");
        }

        for (int page = 0; page < Options.Pages; page++)
        {
            // The pager hears of a page that was discarded when somebody touches it.
            _ = !Kernel.IsDiscarded(page) || client.Load(page);
        }

        client.EvictAhead();
        Assert.True(Pager.Budget.Used <= Pager.Budget.Limit, $"{Pager.Budget.Used} pages are counted at the end, of {Pager.Budget.Limit}");
        Assert.Equal(Kernel.CachedPages, Pager.Budget.Used);
        for (int page = 0; page < Options.Pages; page++)
        {
            _ = client.Load(page);
        }

        Check();
        client.EvictRange(0, Options.Pages);
        Assert.True(Kernel.CachedPages == 0, $"{Kernel.CachedPages} pages cannot leave: they are not in the clock");
        Assert.Equal(0, Pager.Budget.Used);
        Assert.True(HasDiscarded || Clock(engine).Count == 0, $"{Clock(engine).Count} pages are in the clock and nowhere else");
        Check();
    }

    private void CheckBudget()
    {
        long used = Pager.Budget.Used;
        long most = Math.Max(InstructionPages, Pager.Budget.Limit + Math.Max(LeastReserve, Pager.Budget.Limit / 8));
        if (Kernel.CachedPages > used || (used > most && Lives == 0))
        {
            Assert.Fail($"{Kernel.CachedPages} pages are in the window, {used} are counted, of at most {most}");
        }
    }

    /// <summary>The bytes of a page are where they are to be looked for.</summary>
    private string? WrongBytes(int page)
    {
        bool isCached = Kernel.IsCached(page);
        if (Kernel.IsDiscarded(page) && (Volatile.Read(ref Control.Word((ulong)page)) & (PageWord.Poisoned | PageWord.Dirty | PageWord.Busy)) != 0)
        {
            // Lost, or soon found to be. What a store has that is not mapped stays as it was.
            return Medium.IsMapped || Medium.Bytes(page) != 0 ? null : "the store has zeros in place of a page that was discarded";
        }

        ulong bytes = isCached ? Kernel.Bytes(page) : Medium.Bytes(page);
        return bytes == Shadow[page] ? null : $"the page should have {Shadow[page]:x}, and the {(isCached ? "window" : "store")} has {bytes:x}";
    }

    /// <summary>What the word says is so.</summary>
    private string? WrongWord(int page, uint word)
    {
        TableEntry entry = Kernel.Entry(page);
        bool isDirty = (word & PageWord.Dirty) != 0;
        if (entry == TableEntry.Writable && !isDirty)
        {
            return "a store may reach a page that is not dirty";
        }

        if ((word & PageWord.Busy) != 0 || !Pager.IsServing || Kernel.IsDiscarded(page))
        {
            return null;
        }

        bool isFilled = (word & PageWord.Filled) != 0;
        return isFilled != Kernel.IsCached(page) ? "the word and the window differ"
            : (word & PageWord.Mapped) != 0 && !Kernel.IsMapped(page) && !Kernel.IsUnmapped(page) ? "the word says that it is mapped"
            : (word & PageWord.Writable) != 0 && entry != TableEntry.Writable && !Kernel.IsUnmapped(page) ? "the word says that it may be written to"
            : isFilled && !isDirty && Medium.Bytes(page) != Kernel.Bytes(page) ? "the store has other bytes than a clean page"
            : isFilled && (word & PageWord.Poisoned) != 0 ? "a poisoned page is in the window"
            : null;
    }

    private string Describe(int page) =>
        $"page {page} is {PageWord.Describe(Control.Word((ulong)page))}, in the page table {Kernel.Entry(page)}, {(Kernel.IsCached(page) ? "" : "not ")}in the window's file";

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_clock")]
    private static extern ref ResidentClock Clock(RegionEngine engine);
}
