// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Storage;

namespace Physr.Cli.Live;

/// <summary>Runs scenarios whose persistent memory may be files of the real kernel.</summary>
internal static class LiveRegions
{
    /// <summary>Runs a scenario, as <see cref="ScenarioRunner.Run"/> does, with files mapped where it names them.</summary>
    public static RunReport Run(Scenario scenario, ulong? seed, IRunObserver? observer, CancellationToken cancellation) => ScenarioRunner.Run(scenario, seed, observer, Open, cancellation);

    private static PersistentMemory Open(string name, string path, ulong length)
    {
        Errno errno = MappedRegion.TryOpen(path, length, RegionAccess.Write, out MappedRegion? region, out string reason);
        return errno == Errno.None ? region! : throw new PhysrException("open persistent memory", name, errno, reason);
    }
}
