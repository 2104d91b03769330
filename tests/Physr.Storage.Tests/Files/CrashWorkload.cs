// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;
using Physr.Storage.Crash;
using Physr.Storage.Files;

namespace Physr.Storage.Tests.Files;

/// <summary>Random operations on a traced device, and what must be there after a cut: every operation that was acknowledged, the one under way wholly or not at all.</summary>
internal sealed class CrashWorkload
{
    public const ulong Base = 1UL << 32;
    public const ulong AreaBytes = 8192;
    private readonly byte[] _read = new byte[64 << 10];
    private readonly List<FileOperation> _done = [];
    private readonly List<FileModel> _models = [];

    private readonly ulong _seed;
    private int _states;

    /// <summary>Plays on a new store.</summary>
    /// <param name="seed">Of the operations.</param>
    /// <param name="operations">How many.</param>
    /// <param name="wrap">Puts something between the store and its device; null is nothing.</param>
    /// <param name="granularity">The device's.</param>
    public CrashWorkload(ulong seed, int operations, Func<IDaxDevice, IDaxDevice>? wrap = null, PersistenceGranularity granularity = PersistenceGranularity.CacheLine)
    {
        _seed = seed;
        _models.Add(new());
        TracedMedia medium = new("pmem0", 256 << 10, Trace, granularity);
        MediaDaxDevice device = new(medium, new(Base));
        Assert.Equal(Errno.None, FileStore.TryFormat(device, out _, new() { AreaBytes = AreaBytes, Id = seed }));
        FileStore.TryMount(device, out FileStore? store, out _);
        for (int i = 0; i < 90; i++)
        {
            // The log is nearly full when it begins.
            Assert.Equal(Errno.None, store!.TryCreate("gone", out _));
            Assert.Equal(Errno.None, store.TryUnlink("gone"));
        }

        Trace.Begin();
        Play(wrap?.Invoke(device) ?? device, operations);
    }

    /// <summary>Plays on what a cut left.</summary>
    private CrashWorkload(ulong seed, int operations, PersistentMemory left, FileModel model)
    {
        _seed = seed;
        _models.Add(model);
        Play(new MediaDaxDevice(new TracedMedia(left.Name, left.ReadableAt(0, left.Length), Trace), new(Base)), operations);
    }

    /// <summary>Of how many states the store goes on, and is cut again; 0 never.</summary>
    public int GoesOnEvery { get; init; }

    public StoreTrace Trace { get; } = new();

    /// <summary>How often the metadata went to the other area: stores of the word that makes one count.</summary>
    public int Checkpoints => Trace.Events.Count(static what => what is { Kind: TraceEventKind.Store, Offset: 8192 + 56 or 16384 + 56, Value: < 1000 and > 0 });

    public string? Check(CrashPoint point, IReadOnlyList<PersistentMemory> media)
    {
        MediaDaxDevice device = new(media[0], new(Base));
        Errno errno = FileStore.TryMount(device, out FileStore? store, out string reason);
        if (errno != Errno.None)
        {
            return $"mount: {errno}: {reason}";
        }

        // A mount checks what is on the device; what it made of that is looked at now and then.
        _states++;
        if (_states % 4 == 0 && store!.Check() is { Count: not 0 } problems)
        {
            return string.Join("; ", problems);
        }

        FileModel before = _models[point.MarkCount];
        bool isUnderWay = point.MarkCount < _done.Count;
        FileModel after = isUnderWay ? _models[point.MarkCount + 1] : before;
        string? why = Differs(store!, after, null, null);
        string? other = why is not null && isUnderWay ? Differs(store!, before, after, _done[point.MarkCount]) : why;
        return why is null ? GoOn(media[0], after)
            : isUnderWay ? other is null ? null : $"{_done[point.MarkCount]} under way: after it: {why}; before it: {other}"
            : $"acknowledged: {why}";
    }

    /// <summary>Uses what is left of the store, and cuts that too.</summary>
    private string? GoOn(PersistentMemory left, FileModel model)
    {
        if (GoesOnEvery == 0 || _states % GoesOnEvery != 0)
        {
            return null;
        }

        CrashWorkload next = new(_seed + (ulong)_states, 6, left, model);
        CrashFailure? failure = CrashStates.Run(next.Trace, next.Check, new() { Seed = _seed, MostStates = 8, Samples = 1, SamplesPerStore = 0 }).Failure;
        return failure is null ? null : $"going on: {failure}";
    }

    private void Play(IDaxDevice device, int operations)
    {
        Assert.Equal(Errno.None, FileStore.TryMount(device, out FileStore? store, out _));
        SeededRandom random = new(_seed);
        while (_done.Count < operations)
        {
            FileModel model = _models[^1].Copy();
            FileOperation what = FileOperation.Choose(random, model, 4, 24_000, random.Below(8) == 0 ? 6000 : 300);
            Errno errno = what.Apply(store!);
            if (errno == Errno.ENOSPC)
            {
                continue;
            }

            Assert.Equal(Errno.None, errno);
            what.Apply(model);
            _done.Add(what);
            _models.Add(model);
            Trace.Mark(what);
        }
    }

    /// <summary>Whether the store holds something else than a model, save for the units that the operation under way writes in place.</summary>
    private string? Differs(FileStore store, FileModel model, FileModel? after, FileOperation? what)
    {
        IReadOnlyList<string> names = store.List();
        if (!names.SequenceEqual(model.Files.Keys))
        {
            return $"the files are {string.Join(',', names)}";
        }

        foreach ((string name, byte[] bytes) in model.Files)
        {
            store.TryOpen(name, out StoreFile? file);
            if (file!.Length != (ulong)bytes.Length || file.TryRead(0, _read, out int count) != Errno.None || count != bytes.Length)
            {
                return $"{name} has {file.Length} bytes and not {bytes.Length}";
            }

            int at = bytes.AsSpan().CommonPrefixLength(_read);
            byte[]? later = what?.Name == name && what.Kind is FileOperation.What.Write or FileOperation.What.Punch ? after!.Files[name] : null;
            for (; at < bytes.Length; at++)
            {
                int unit = at & ~7;
                int end = Math.Min(unit + 8, bytes.Length);
                bool isLater = later is not null && unit + 8 > what!.Offset && unit < what.Offset + what.Length && _read.AsSpan(unit..end).SequenceEqual(later.AsSpan(unit..end));
                if (_read[at] != bytes[at] && !isLater)
                {
                    return $"{name} differs at byte {at}";
                }
            }
        }

        return null;
    }
}
