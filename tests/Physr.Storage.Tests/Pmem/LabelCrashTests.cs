// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Btt;
using Physr.Storage.Crash;
using Physr.Storage.Pmem;
using static Physr.Storage.Tests.Pmem.PmemHost;

namespace Physr.Storage.Tests.Pmem;

/// <summary>The power goes at every store: labels say what they said before a change, or what they say after it.</summary>
public sealed class LabelCrashTests
{
    private static readonly Guid s_first = new("00000000-0000-0000-0000-000000000001");
    private static readonly Guid s_second = new("00000000-0000-0000-0000-000000000002");

    [Fact]
    public void MakingRenamingResizingAndDeletingAreThereWholeOrNotAtAll()
    {
        (StoreTrace trace, PmemHost host) = Begin(4 * MiB);
        PmemNamespace raw = host.Create(new(NamespaceMode.Raw) { Size = 2 * MiB, Uuid = s_first, Name = "one" });
        trace.Mark(Text(host.Region));
        host.Create(new(NamespaceMode.Raw) { Size = 2 * MiB, Uuid = s_second, Name = "two" });
        trace.Mark(Text(host.Region));
        Assert.Equal(Errno.None, raw.TryRename("another name that takes more than one line of sixty-four bytes", out _));
        trace.Mark(Text(host.Region));
        Assert.Equal(Errno.None, host.Region.Namespaces[1].TryDelete(out _));
        trace.Mark(Text(host.Region));
        Assert.Equal(Errno.None, raw.TryResize(4 * MiB, out _));
        trace.Mark(Text(host.Region));
        CrashReport report = CrashStates.Run(trace, OldOrNew(trace));
        Assert.True(report.Failure is null, report.ToString());
        Assert.Equal(report.Cuts, report.ExhaustiveCuts);
        Assert.True(report.States > 500, report.ToString());
    }

    [Theory]
    [InlineData(NamespaceMode.FsDax, MapLocation.Ram)]
    [InlineData(NamespaceMode.FsDax, MapLocation.Device)]
    [InlineData(NamespaceMode.DevDax, MapLocation.Ram)]
    [InlineData(NamespaceMode.Sector, MapLocation.Ram)]
    public void AModeThatKeepsSomethingOnTheMediumIsReadyWhenItsLabelIsThere(NamespaceMode mode, MapLocation map)
    {
        ulong size = mode == NamespaceMode.Sector ? 16 * MiB : 8 * MiB;
        (StoreTrace trace, PmemHost host) = Begin(size);
        host.Create(new(mode) { Uuid = s_first, Map = map });
        trace.Mark(Text(host.Region));
        CrashCheck oldOrNew = OldOrNew(trace);
        CrashReport report = CrashStates.Run(
            trace,
            (point, media) => oldOrNew(point, media) ?? Enables(media[0]),
            new() { Stride = mode == NamespaceMode.Sector ? 64 : 1, MostStates = mode == NamespaceMode.Sector ? 16 : 256, Samples = 2 });
        Assert.True(report.Failure is null, report.ToString());
    }

    [Fact]
    public void InitialisingBlankLabelsLeavesThemBlankOrReady()
    {
        StoreTrace trace = new();
        using PmemHost host = new(0, image: new TracedMedia("pmem0", (2 * MiB) + (128 * KiB), trace));
        CrashReport report = CrashStates.Run(trace, static (_, media) =>
        {
            using PmemHost after = new(0, image: media[0], initialize: false);
            return after.Region.Namespaces.Count != 0 || after.Region.Problems.Count != 0 ? "something appeared" : null;
        });
        Assert.True(report.Failure is null, report.ToString());
    }

    [Fact]
    public void AnIndexThatIsWrittenBeforeItsLabelIsCaught()
    {
        // The same change with the order of its two stores wrong: flush and fence between them are lost.
        (StoreTrace trace, PmemHost host) = Begin(4 * MiB, forget: true);
        host.Create(new(NamespaceMode.Raw) { Size = 2 * MiB, Uuid = s_first });
        trace.Mark(Text(host.Region));
        CrashReport report = CrashStates.Run(trace, OldOrNew(trace));
        Assert.NotNull(report.Failure);
    }

    private static (StoreTrace Trace, PmemHost Host) Begin(ulong size, bool forget = false)
    {
        StoreTrace trace = new();
        TracedMedia medium = new("pmem0", size + (128 * KiB), trace);
        PmemHost host = new(0, image: forget ? new FilteredMedia(medium) { ForgetsFlush = (offset, _) => offset >= size + 512 } : medium);
        trace.Begin();
        trace.Mark(Text(host.Region));
        return (trace, host);
    }

    /// <summary>What is there after a cut is what the last mark says, or the one after it.</summary>
    private static CrashCheck OldOrNew(StoreTrace trace) => (point, media) =>
    {
        using PmemHost after = new(0, image: media[0], initialize: false);
        string seen = Text(after.Region);
        string old = point.LastMark is null ? "" : (string)point.LastMark;
        string next = point.MarkCount < trace.Marks.Count ? (string)trace.Marks[point.MarkCount] : old;
        return seen == old || seen == next ? null : $"labels say '{seen}' where '{old}' was and '{next}' comes";
    };

    private static string? Enables(PersistentMemory medium)
    {
        using PmemHost after = new(0, image: medium, initialize: false);
        foreach (PmemNamespace each in after.Region.Namespaces)
        {
            if (each.TryEnable(out string reason) != Errno.None)
            {
                return reason;
            }

            if (each.TranslationTable is not null && !BttCheck.Run(new MediaSlice("check", medium, each.Label.Start, each.Label.Length), each.Uuid).IsClean)
            {
                return "the translation table is not clean";
            }
        }

        return null;
    }

    private static string Text(PmemRegion region) =>
        string.Join("; ", region.Namespaces.Select(static each => $"{each.Uuid} {each.Name} {each.Mode} {each.Label.Start}+{each.Label.Length}"))
        + string.Concat(region.Problems.Select(static problem => $"! {problem.Reason}"));
}
