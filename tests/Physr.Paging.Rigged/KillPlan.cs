// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Processes;
using Physr.Paging.Engine;

namespace Physr.Paging.Rigged;

/// <summary>Ends the pager at a step, without a warning. A line of pagers has one plan, and each of them its place in it: so many have died, as a file of one byte for each says.</summary>
internal sealed class KillPlan : IPagerSteps
{
    /// <summary>The variable with the plan: <c>STEP:NTH,STEP:NTH,...</c>. The first pager dies at its NTH step of that kind, the next likewise; those after the last do not.</summary>
    public const string PlanVariable = "PHYSR_RIG_KILLS";

    /// <summary>The variable with the file's path.</summary>
    public const string LogVariable = "PHYSR_RIG_KILL_LOG";

    private const int Kill = 9;

    private readonly (PagerStep Step, int Nth)[] _plan;
    private readonly string _log;
    private readonly Lock _lock = new();
    private int _dead = -1;
    private int _count;

    private KillPlan((PagerStep Step, int Nth)[] plan, string log) => (_plan, _log) = (plan, log);

    /// <summary>The plan of the environment; null where there is none.</summary>
    public static KillPlan? FromEnvironment()
    {
        string? plan = Environment.GetEnvironmentVariable(PlanVariable);
        string? log = Environment.GetEnvironmentVariable(LogVariable);
        return plan is null || log is null ? null : new([.. plan.Split(',').Select(Parse)], log);
    }

    /// <inheritdoc/>
    public void At(PagerStep step, ulong page)
    {
        // Other threads wait here too, so that nobody takes a step between the last one and the end.
        lock (_lock)
        {
            // Not before the first step: until then the pager before this one may be alive.
            if (_dead < 0)
            {
                _dead = File.Exists(_log) ? (int)new FileInfo(_log).Length : 0;
            }

            if (_dead >= _plan.Length || _plan[_dead].Step != step || ++_count != _plan[_dead].Nth)
            {
                return;
            }

            using (SafeFileHandle log = File.OpenHandle(_log, FileMode.Append, FileAccess.Write))
            {
                RandomAccess.Write(log, [(byte)step], _dead);
            }

            _ = Pidfd.TryOpen(Environment.ProcessId, out Pidfd? self);
            _ = self!.Signal(Kill);
            Thread.Sleep(Timeout.Infinite);
        }
    }

    private static (PagerStep Step, int Nth) Parse(string entry)
    {
        string[] parts = entry.Split(':');
        return (Enum.Parse<PagerStep>(parts[0]), int.Parse(parts[1]));
    }
}
