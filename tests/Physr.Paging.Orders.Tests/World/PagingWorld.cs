// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;
using Physr.Mm.Interleaving;
using Physr.Paging.Control;
using Physr.Paging.Engine;
using Physr.Testing.Interleaving;

namespace Physr.Paging.Orders.Tests;

/// <summary>One region: the application's side of it, the kernel, the store, and the pager that serves it, or one after the other. A run that ends well leaves it as it was.</summary>
internal sealed unsafe partial class PagingWorld : IDisposable
{
    private readonly List<FaultLane> _lanes = [];
    private readonly List<Sleeper> _sleepers = [];
    private readonly MemoryFile _file;
    private readonly Mapping _words;
    private readonly List<PagerProcess> _pagers = [];
    private readonly FaultLane _writer;
    private int _lanesTaken;
    private int _clients;
    private int _handlers;
    private int _handlersLeft;

    public PagingWorld(WorldOptions options)
    {
        Options = options;
        ulong bytes = ControlLayout.Bytes((ulong)options.Pages);
        Assert.Equal(Errno.None, MemoryFile.TryCreate("words", bytes, out MemoryFile? file, out _));
        _file = file!;
        Assert.Equal(Errno.None, file!.TryMap(0, (nuint)bytes, isReadOnly: false, out Mapping? words, out _));
        _words = words!;
        Assert.Equal(Errno.None, ControlBlock.TryCreate(file, (ulong)options.Pages, out ControlBlock? control, out _));
        Control = control!;
        Kernel = new(options.Pages);
        Medium = new(options.Pages);
        Shadow = new(options.Pages);
        _writer = NewLane(isWriter: true);
        _lanes.Remove(_writer);
        Reset(options);
    }

    public WorldOptions Options { get; private set; }

    public SimulatedKernel Kernel { get; }

    public Medium Medium { get; }

    public Shadow Shadow { get; }

    public ControlBlock Control { get; }

    /// <summary>What all regions together may have.</summary>
    public ResidentBudget? Whole { get; private set; }

    /// <summary>Another region of the same pager.</summary>
    public PagingWorld? Sibling { get; set; }

    /// <summary>The pager that lives now.</summary>
    public PagerProcess Pager { get; private set; } = null!;

    /// <summary>How many pagers have died.</summary>
    public int Lives { get; private set; }

    /// <summary>Whether the doorbell has rung.</summary>
    public bool Doorbell { get; set; }

    /// <summary>Whether the application's threads have all ended.</summary>
    public bool IsDone => _clients == 0;

    /// <summary>Whether a handler has something to do.</summary>
    public bool HasWork => Pager.IsServing && (Kernel.HasEvent || Doorbell);

    /// <summary>Whether a read of the store fails in this run, or pages could be too many, so that a touch may end with SIGBUS.</summary>
    public bool MayPoison { get; set; }

    /// <summary>Whether the application took pages out of the window in this run.</summary>
    public bool HasDiscarded { get; set; }

    /// <summary>Whether a write to the store fails in this run.</summary>
    public bool MayFailToPersist { get; set; }

    /// <summary>Makes everything as it was before anything was touched.</summary>
    /// <param name="options">What it is made of now; it has as many pages as before.</param>
    /// <param name="sibling">Another region of the same pager.</param>
    public void Reset(WorldOptions options, PagingWorld? sibling = null)
    {
        Assert.Equal(Kernel.Pages, options.Pages);
        Options = options;
        _pagers.ForEach(static pager => pager.Dispose());
        _pagers.Clear();

        // SAFETY: the header's part behind its magic number, and the words; the mapping has both, and lives until Dispose.
        new Span<byte>((byte*)_words.Address + ControlLayout.PagerAt, (int)_words.Length - ControlLayout.PagerAt).Clear();
        Kernel.Reset();
        Kernel.KeepsPoison = Options.KeepsPoison;
        Medium.Reset();
        Medium.IsMapped = Options.IsMapped;
        Shadow.Reset();
        _sleepers.Clear();
        _held.Clear();
        _lanes.ForEach(Forget);
        Forget(_writer);
        (Sibling, Whole) = (sibling, sibling?.Whole ?? (Options.WholeBudget is { } whole ? new(whole, null) : null));
        (Lives, Doorbell, MayPoison, MayFailToPersist, HasDiscarded) = (0, false, false, false, false);
        (_lanesTaken, _clients, _handlers, _handlersLeft) = (0, 0, 0, 0);
        Begin();
        Pager.IsServing = true;
    }

    /// <summary>Adds a thread of the application to a scenario, or one on whose behalf the pager does something.</summary>
    public void Client(Scenario scenario, string name, Action<Client> body)
    {
        Client client = NewClient();
        _clients++;
        scenario.Actor(name, () =>
        {
            try
            {
                body(client);
            }
            finally
            {
                _clients--;
            }
        });
    }

    /// <summary>Adds a handler of faults and requests.</summary>
    public void Handler(Scenario scenario, string name)
    {
        FaultLane lane = NewLane(isWriter: false);
        int index = _handlers++;
        _handlersLeft++;
        scenario.Actor(name, () =>
        {
            Work("work", lane, () => HasWork || Pager.Handler(index).HasWork, () => IsDone && !Pager.Handler(index).IsOwing, pager => pager.Serve(pager.Handler(index), lane));
            _handlersLeft--;
        });
    }

    /// <summary>Adds the pager's thread for what no fault waits for.</summary>
    public void Mover(Scenario scenario, string name)
    {
        FaultLane lane = Options.IsSlow ? _writer : NewLane(isWriter: false);
        scenario.Actor(name, () => Work("work to move", lane, () => Pager.HasToMove, () => IsDone && _handlersLeft == 0, pager => pager.Move(lane)));
    }

    /// <summary>Adds a store's own thread.</summary>
    public void Disk(Scenario scenario, string name) => scenario.Actor(name, () =>
    {
        while (!IsDone || _handlersLeft != 0)
        {
            if (Pager.Started is { } lane)
            {
                lane.EndOne();
                SchedulePoint.Reach("disk");
            }
            else
            {
                SchedulePoint.Current!.Block("reads");
            }
        }
    });

    public Client NewClient() => new(this, NewLane(isWriter: false));

    /// <summary>Does something as a thread of the pager that lives now.</summary>
    /// <returns>False: it was killed on the way.</returns>
    public bool TryAsPager(FaultLane lane, Action<PagerProcess> work)
    {
        try
        {
            Mortal.Run(this, () => work(Pager));
            return true;
        }
        catch (PagerDiedException)
        {
            Forget(lane);
            return false;
        }
    }

    /// <summary>Kills the pager, all of its threads at once.</summary>
    public void Kill()
    {
        Lives++;
        Medium.Abandon();
        Begin();
    }

    public Sleeper Sleep(int page)
    {
        Sleeper sleeper = new(page);
        _sleepers.Add(sleeper);
        return sleeper;
    }

    public void WakeSleepers(int page)
    {
        foreach (Sleeper sleeper in _sleepers)
        {
            sleeper.IsWoken |= sleeper.Page == page;
        }

        _sleepers.RemoveAll(static sleeper => sleeper.IsWoken);
    }

    public void Dispose()
    {
        _pagers.ForEach(static pager => pager.Dispose());
        _writer.Dispose();
        _lanes.ForEach(static lane => lane.Dispose());
        Control.Dispose();
        _words.Dispose();
        _file.Dispose();
        Medium.Dispose();
    }

    private void Begin()
    {
        Pager = new(this);
        _pagers.Add(Pager);
    }

    private static void Forget(FaultLane lane)
    {
        while (lane.TryTakePending(out _))
        {
            // They were the dead pager's.
        }

        lane.Deferred = null;
    }

    private FaultLane NewLane(bool isWriter)
    {
        FaultLane? free = _lanes.Skip(_lanesTaken).FirstOrDefault();
        if (free is null)
        {
            Assert.Equal(Errno.None, FaultLane.TryCreate(isWriter, out free, out _));
            _lanes.Add(free!);
        }

        _lanesTaken++;
        return free!;
    }

    /// <summary>A thread of each pager in turn, until nobody needs it any more.</summary>
    private void Work(string what, FaultLane lane, Func<bool> hasWork, Func<bool> isOver, Action<PagerProcess> work)
    {
        while (true)
        {
            if (Pager.IsServing && hasWork())
            {
                _ = TryAsPager(lane, work);
                SchedulePoint.Reach(what);
            }
            else if (Pager.IsServing && isOver())
            {
                return;
            }
            else
            {
                SchedulePoint.Current!.Block(what);
            }
        }
    }
}
