// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Physr.Machine.Reports;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Offload;

/// <summary>Looks during a run how this process has a file open, which tells even where root may write anything.</summary>
internal sealed class OpenModes(string path) : IRunObserver
{
    public const int ReadOnly = 0;

    /// <summary>The access modes seen: O_RDONLY, O_WRONLY, O_RDWR (0, 1, 2).</summary>
    public SortedSet<int> Seen { get; } = [];

    public void RouteStarted(string route, int index, int count, ulong payloadBytes)
    {
    }

    public void Progress(ulong bytesDone, ulong payloadBytes)
    {
        foreach (string descriptor in Directory.GetFileSystemEntries("/proc/self/fd").Where(each => new FileInfo(each).LinkTarget == path))
        {
            string flags = File.ReadLines($"/proc/self/fdinfo/{Path.GetFileName(descriptor)}").First(static line => line.StartsWith("flags:", StringComparison.Ordinal));
            Seen.Add(int.Parse(flags.AsSpan(flags.Length - 1), CultureInfo.InvariantCulture) & 3);
        }
    }

    public void Span(string track, string name, SimTime start, SimTime end, ulong bytes)
    {
    }

    public void RouteFinished(RouteReport report)
    {
    }
}
