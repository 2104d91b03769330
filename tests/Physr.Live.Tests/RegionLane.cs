// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Cli.Live;
using Physr.Live.Victim;
using Physr.Machine.Simulation;
using Physr.Storage;
using Physr.Storage.Files;
using Physr.Storage.Tests.Files;

namespace Physr.Live.Tests;

/// <summary>One region, one victim after another: each goes on with what the last one's death left.</summary>
/// <param name="path">The region's file.</param>
/// <param name="seed">Of everything but the moments at which the kernel lets things happen.</param>
/// <param name="bug">What victims do wrong.</param>
internal sealed class RegionLane(string path, ulong seed, VictimBug bug)
{
    private const int RoundsOfARegion = 25;

    private readonly SeededRandom _random = new(seed);
    private int _rounds;

    /// <summary>Operations that were acknowledged, in all rounds.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Rounds in which the operation under way when the kill came is there.</summary>
    public int Completed { get; private set; }

    /// <summary>Starts a victim, kills it and looks at what is left.</summary>
    /// <returns>What is wrong; null where nothing is.</returns>
    public string? Round()
    {
        if (_rounds++ % RoundsOfARegion == 0)
        {
            Begin();
        }

        ulong work = _random.Next();
        KillPlan plan = KillPlan.Choose(_random, 1 + 60, TimeSpan.FromMicroseconds(400));
        string round = $"seed {seed}, round {_rounds}, work {work}, {plan}";
        FileModel model;
        using (MappedRegion region = Open())
        {
            model = Workload.Read(Mount(region));
        }

        KilledChild child = KillRounds.Run(typeof(Workload).Assembly.Location, [path, work.ToString(), bug.ToString()], plan);
        if (!child.WasKilled)
        {
            return $"{round}: the victim ended by itself with {child.ExitCode}: {child.Error}";
        }

        string? why = Judge(new(work, model), child.Lines);
        return why is null ? null : $"{round}: {why}";
    }

    private string? Judge(Workload work, IReadOnlyList<string> lines)
    {
        int done = 0;
        foreach (string line in lines.Skip(1))
        {
            string[] words = line.Split(' ');
            if (words.Length != 2 || words[0] != $"{done}" || !Enum.TryParse(words[1], out Errno errno))
            {
                return $"line {done + 1} of the victim is '{line}'";
            }

            work.Done(work.Next(), errno);
            done++;
        }

        Acknowledged += done;
        FileOperation underWay = work.Next();
        FileModel before = work.Model;
        FileModel after = before.Copy();
        underWay.Apply(after);
        using MappedRegion region = Open();
        FileStore store = Mount(region);
        if (store.Check(readsData: true) is { Count: not 0 } problems)
        {
            return $"after {done} operations: {string.Join("; ", problems)}";
        }

        string? notAfter = StoreComparison.Differs(store, after, null, null);
        string? notBefore = notAfter is null || lines.Count == 0 ? notAfter : StoreComparison.Differs(store, before, after, underWay);
        if (lines.Count == 0)
        {
            return StoreComparison.Differs(store, before, null, null) is { } touched ? $"not even begun: {touched}" : null;
        }

        Completed += notAfter is null ? 1 : 0;
        return notAfter is null || notBefore is null ? null : $"after {done} operations, {underWay} under way: after it: {notAfter}; before it: {notBefore}";
    }

    private void Begin()
    {
        File.Delete(path);
        Assert.True(Program.Make(path, out string reason) == Errno.None, reason);
    }

    private MappedRegion Open()
    {
        Errno errno = MappedRegion.TryOpen(path, Program.RegionBytes, RegionAccess.Write, out MappedRegion? region, out string reason);
        Assert.True(errno == Errno.None, $"seed {seed}, round {_rounds}: {errno}: {reason}");
        return region!;
    }

    private FileStore Mount(PersistentMemory region)
    {
        Errno errno = FileStore.TryMount(new MediaDaxDevice(region, Workload.Base), out FileStore? store, out string reason);
        Assert.True(errno == Errno.None, $"seed {seed}, round {_rounds}: mount: {errno}: {reason}");
        return store!;
    }
}
