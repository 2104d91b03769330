// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Control;
using Physr.Paging.Stores;

namespace Physr.Paging.Engine;

/// <summary>A region's pages between its store and its window: brought in when somebody needs them, taken out when there is no more room, written back when they changed.</summary>
/// <remarks>
/// Any number of threads may call it. All state is in the words of the control file and in the window itself (see <see cref="PageWord"/>); what is kept here – the clock's order, the budget – can be
/// lost and is made anew by <see cref="Recover"/>. The rules are those of device-private memory in the machine: who holds a page keeps it from moving (R34c), a page that moves is owned by one (R12a, R21b),
/// a move that loses a race leaves the page where it was (R35a), eviction brings everything home unharmed (R39).
/// </remarks>
internal sealed partial class RegionEngine : IDisposable
{
    /// <summary>The most pages that move in one go: 2 MiB.</summary>
    public const int MostRunPages = 512;

    private const int PageBytes = ControlLayout.PageBytes;

    private readonly ControlBlock _control;
    private readonly IWindow _window;
    private readonly PageStore _store;
    private readonly ResidentBudget _budget;
    private readonly ResidentClock _clock;
    private readonly SequentialStreams _streams = new();
    private readonly SequentialStreams _writes = new();
    private readonly IRegionHost _host;
    private readonly IPagerSteps? _steps;
    private int _users;
    private volatile bool _isGone;

    /// <summary>Puts a region together. Whoever calls keeps what is passed, and disposes of it after this.</summary>
    /// <param name="control">Its words.</param>
    /// <param name="window">What the application sees.</param>
    /// <param name="store">Where the bytes live.</param>
    /// <param name="budget">How many pages may be in the window.</param>
    /// <param name="host">Who does what can wait.</param>
    /// <param name="steps">Who is told of the steps; null outside tests.</param>
    public RegionEngine(ControlBlock control, IWindow window, PageStore store, ResidentBudget budget, IRegionHost host, IPagerSteps? steps = null)
    {
        _control = control;
        _window = window;
        _store = store;
        _budget = budget;
        _host = host;
        _steps = steps;
        _clock = new((int)Math.Min(Math.Min((ulong)budget.Limit + 64, control.Pages), 1 << 24));
        _control.Budget = budget.Limit;
    }

    /// <summary>How many pages the region has.</summary>
    public ulong Pages => _control.Pages;

    /// <summary>Pages in the window.</summary>
    public long Resident => _budget.Used;

    /// <summary>Pages that may be in the window.</summary>
    public long Budget => _budget.Limit;

    /// <summary>What its host knows of it.</summary>
    public object? Owner { get; set; }

    /// <summary>The region's words.</summary>
    public ControlBlock Control => _control;

    /// <summary>Whether the application is gone: what it mapped cannot be changed any more, though its bytes are still in the window.</summary>
    public bool IsGone => _isGone;

    /// <summary>Room below which pages are taken out ahead of need.</summary>
    public long LowWater => Math.Min(_budget.Limit / 8, 2 * MostRunPages);

    /// <summary>Whether there is less room than there should be.</summary>
    public bool IsShort => _budget.Free < LowWater;

    /// <summary>Sets how many pages may be in the window; what is too many leaves when the host gets round to it.</summary>
    public void SetBudget(long pages)
    {
        SetLimit(pages);
        _host.RunShort(this);
    }

    /// <summary>Begins a call; the region stays until <see cref="Leave"/>.</summary>
    /// <returns>False: it is going away.</returns>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _users) > 0)
        {
            return true;
        }

        Interlocked.Decrement(ref _users);
        return false;
    }

    /// <summary>Ends a call.</summary>
    public void Leave() => Interlocked.Decrement(ref _users);

    /// <summary>Lets no more calls in and waits until those that are in have left.</summary>
    public void Dispose()
    {
        const int closed = int.MinValue / 2;
        Interlocked.Add(ref _users, closed);
        SpinWait wait = default;
        while (Volatile.Read(ref _users) > closed)
        {
            wait.SpinOnce();
        }

        _budget.Give(_budget.Used);
    }

    private static ulong At(ulong page) => page << ControlLayout.PageShift;

    private void Step(PagerStep step, ulong page) => _steps?.At(step, page);
}
