// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Faults;
using Physr.Paging;

namespace Physr.Cli.Page;

/// <summary>What <c>physr page bench</c> does: makes a region, has it worked on, reports.</summary>
/// <param name="terminal">Where it writes.</param>
internal sealed class PageBenchVerb(Terminal terminal)
{
    private const string Verb = "physr page bench";

    /// <summary>Does it.</summary>
    /// <param name="words">What was typed.</param>
    /// <param name="cancellation">Ends the run early; what was written is verified all the same.</param>
    /// <returns>The exit code.</returns>
    public int Execute(PageBenchWords words, CancellationToken cancellation)
    {
        if (!words.TryRead(out PageBenchOptions? options, out string problem))
        {
            return Refuse(problem, ExitCode.BadInput);
        }

        Errno errno = Userfaultfd.TryCreate(FaultFeatures.None, out Userfaultfd? faults, out problem);
        faults?.Dispose();
        if (errno != Errno.None || !PageBenchStore.TryOpen(options!, out PageBenchStore? store, out problem))
        {
            return Refuse(problem, ExitCode.BadInput);
        }

        using (store)
        {
            if (PagerHost.TryStart(null, out PagerHost? host, out problem) != Errno.None)
            {
                return Refuse(problem, ExitCode.Failure);
            }

            using (host)
            {
                return RunOver(store!, host!, options!, cancellation);
            }
        }
    }

    private static PageBenchResult Watch(Terminal terminal, PageBenchOptions options, Func<Action<PageBenchMoment>?, PageBenchResult> run) =>
        terminal.IsWatched && !options.IsJson ? PageBenchDisplay.Run(terminal, run) : run(null);

    private int RunOver(PageBenchStore store, PagerHost host, PageBenchOptions options, CancellationToken cancellation)
    {
        RegionOptions how = new() { Pager = host, Name = "page bench" };
        Errno errno = DevicePrivateRegion.TryCreate(options.Size, store.Store, options.Resident, how, out DevicePrivateRegion? region, out string problem);
        if (errno != Errno.None)
        {
            return Refuse(problem, errno is Errno.EINVAL or Errno.EPERM or Errno.EACCES or Errno.ENOSYS or Errno.EOPNOTSUPP ? ExitCode.BadInput : ExitCode.Failure);
        }

        store.Taken();
        PageBenchResult result = Watch(terminal, options, watch => new PageBenchRun(region!, host, options, store.IsBlank, watch).Execute(cancellation));
        if (region!.Health != RegionHealth.Failed)
        {
            // Where nobody serves it any more, threads may still wait for its pages: it goes with the process.
            region.Dispose();
        }

        foreach (string finding in result.Findings.Append(result.Failure).Where(static line => line.Length != 0))
        {
            terminal.WriteMistake($"{Verb}: {finding}");
        }

        if (options.IsJson)
        {
            PageBenchJson.Write(terminal.Output, result);
        }
        else
        {
            PageBenchText.Write(terminal.Output, options, result);
        }

        return result.Verified ? ExitCode.Success : ExitCode.Failure;
    }

    private int Refuse(string problem, int exitCode)
    {
        terminal.WriteMistake($"{Verb}: {problem}");
        return exitCode;
    }
}
