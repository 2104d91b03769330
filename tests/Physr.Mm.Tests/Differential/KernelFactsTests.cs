// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Mm.Tests.Differential.SmapsField;

namespace Physr.Mm.Tests.Differential;

/// <summary>The facts of README.md that are easiest to get wrong, asked of the kernel that runs: where one fails, the kernel has changed and the model must follow.</summary>
public sealed class KernelFactsTests : IDisposable
{
    private const ulong Page = Arena.PageSize;
    private const Protection RW = Protection.PROT_READ | Protection.PROT_WRITE;
    private const Protection R = Protection.PROT_READ;
    private const RemapFlags Move = RemapFlags.MREMAP_MAYMOVE | RemapFlags.MREMAP_FIXED;

    private readonly Lazy<KernelAgent> _agent = new(static () => LiveKernel.Need());

    public void Dispose()
    {
        if (_agent.IsValueCreated)
        {
            _agent.Value.Dispose();
        }
    }

    [SkippableFact]
    public void AReadFaultMapsTheWindowAroundIt_NotPastTheMiddleNorHoles()
    {
        int window = Policy.FaultAroundPages;
        Skip.If(window != 16, $"the window is {window} pages here");
        Assert.Equal(Enumerable.Range(20, 16), Present(Last(Shared(20, 20, 0), Read(21))));
        Assert.Equal(Enumerable.Range(44, 4), Present(Last(Shared(44, 26, 0), Read(45))));
        Assert.Equal([0, 1, 4, 5, 8, 9, 12, 13, 14], Present(Last(Shared(0, 40, 1), Read(14))));
        Assert.Equal([21], Present(Last(Shared(20, 20, 0), Write(21))));
    }

    [SkippableFact]
    public void AStoreThroughAPresentSharedEntryIsDirtyInThatEntryAlone_UntilItIsUnmapped()
    {
        MmOp[] ops = [Shared(0, 4, 1), Read(2), Shared(8, 4, 1), Read(10), Write(2)];
        Assert.Equal((12U, 8U, 4U), Sums(Last(ops), vma: 1, Rss, Shared_Dirty, Shared_Clean));
        Assert.Equal((12U, 12U, 0U), Sums(Last([.. ops, new MmOp.Munmap(0, Arena.Start, 4 * Page)]), vma: 0, Rss, Private_Dirty, Private_Clean));
        Assert.Equal((4U, 0U, 4U), Sums(Last(Shared(0, 4, 1), Shared(8, 4, 1), Read(10), Write(2)), vma: 0, Rss, Shared_Clean, Shared_Dirty));
    }

    [SkippableFact]
    public void ForkCopiesPageTablesOfVmasWithAnAnonVmaOnly()
    {
        Assert.Empty(Present(Last(Map(0, 4, 0), Read(0), new MmOp.Fork(0)), process: 1));
        Assert.Equal(Present(Last(Map(0, 4, 0), Read(0), Write(1))), Present(Last(Map(0, 4, 0), Read(0), Write(1), new MmOp.Fork(0)), process: 1));
    }

    [SkippableFact]
    public void TheLastOwnerOfAForkedPageReusesIt()
    {
        StepRecord[] steps = All(Map(0, 4), Write(0), Shared(8, 1, 0), Read(8), new MmOp.Fork(0), new MmOp.Exit(1), Write(0));
        Assert.True(steps[^3].Observation.Processes[0]!.Pages[0].Flags.HasFlag(PageFlags.MappedOnce));
        Observation shared = steps[4].Observation;
        Assert.Equal(shared.Processes[0]!.Pages[0].Frame, shared.Processes[1]!.Pages[0].Frame);
        Assert.False(shared.Processes[0]!.Pages[0].Flags.HasFlag(PageFlags.MappedOnce));
        StepRecord copied = Last(Map(0, 4), Write(0), new MmOp.Fork(0), Write(0));
        Assert.NotEqual(copied.Observation.Processes[0]!.Pages[0].Frame, copied.Observation.Processes[1]!.Pages[0].Frame);
    }

    [SkippableFact]
    public void AForkedVmaDoesNotMergeWithANewOne_ButGrowsIntoOne()
    {
        Assert.Equal(2, Vmas(Last(Map(0, 4), Write(0), new MmOp.Fork(0), Map(4, 4, process: 1)), process: 1));
        Assert.Equal(1, Vmas(Last(Map(0, 4), Write(0), new MmOp.Fork(0), Map(4, 4)), process: 0));
        Assert.Equal(1, Vmas(Last(Map(0, 4), new MmOp.Fork(0), Map(4, 4, process: 1)), process: 1));
        Assert.Equal(1, Vmas(Last(Map(0, 4), Write(0), Map(6, 2), new MmOp.Fork(0), new MmOp.Mremap(1, Arena.Start, 4 * Page, 6 * Page, RemapFlags.None, 0)), process: 1));
    }

    [SkippableFact]
    public void AMovedVmaMergesIfItNeverFaulted()
    {
        MmOp move = new MmOp.Mremap(0, Arena.Address(10), 4 * Page, 4 * Page, Move, Arena.Address(4));
        Assert.Equal(1, Vmas(Last(Map(0, 4), Map(10, 4), move)));
        Assert.Equal(2, Vmas(Last(Map(0, 4), Map(10, 4), Write(10), move)));
    }

    [SkippableFact]
    public void AMappingBetweenTwoThatFaultedMergesWithTheLeftOne()
    {
        ProcessObservation seen = Last(Map(0, 4), Write(0), Map(8, 4), Write(8), Map(4, 4)).Observation.Processes[0]!;
        Assert.Equal([(0, 8), (8, 12)], seen.Vmas.Select(static vma => (vma.FirstPage, vma.EndPage)));
    }

    [SkippableFact]
    public void MprotectStopsAtTheHole_MadviseGoesOn()
    {
        StepRecord protect = Last(Map(0, 2), Map(4, 2), new MmOp.Mprotect(0, Arena.Start, 6 * Page, R));
        Assert.Equal(OpResult.Refused(Errno.ENOMEM), protect.Result);
        Assert.Equal([VmaPermissions.Read, VmaPermissions.Read | VmaPermissions.Write], protect.Observation.Processes[0]!.Vmas.Select(static vma => vma.Permissions));
        StepRecord advise = Last(Map(0, 2), Map(4, 2), Write(0), Write(4), new MmOp.Madvise(0, Arena.Start, 6 * Page, Advice.MADV_DONTNEED));
        Assert.Equal(OpResult.Refused(Errno.ENOMEM), advise.Result);
        Assert.Empty(Present(advise));
    }

    [SkippableFact]
    public void LazyFreeCountsWhereTheEntryIsClean()
    {
        MmOp[] ops = [Map(0, 4), Write(0), new MmOp.Fork(0), new MmOp.Madvise(0, Arena.Start, 4 * Page, Advice.MADV_FREE)];
        StepRecord freed = Last(ops);
        Assert.Equal((4U, 4U, 0U), Sums(freed, vma: 0, LazyFree, Shared_Clean, Shared_Dirty));
        Assert.Equal((0U, 0U, 4U), Sums(freed, vma: 0, LazyFree, Shared_Clean, Shared_Dirty, process: 1));
        Assert.Equal((0U, 0U, 4U), Sums(Last([.. ops, new MmOp.Exit(1), Write(0)]), vma: 0, LazyFree, Private_Clean, Private_Dirty));
    }

    [SkippableFact]
    public void AGuardRegionSurvivesAllButUnmappingAndRemoval()
    {
        Skip.IfNot(Policy.HasGuardRegions, $"Linux {Policy.Release} has no guard regions");
        StepRecord guarded = Last(Map(0, 4), Write(1), Advise(1, 1, Advice.MADV_GUARD_INSTALL), Advise(0, 4, Advice.MADV_DONTNEED), new MmOp.Fork(0), new MmOp.Read(1, Arena.Address(1)));
        Assert.Equal(OpResult.Signal(OpResult.SIGSEGV, OpResult.SEGV_MAPERR, Arena.Address(1)), guarded.Result);
        Assert.Equal(PageFlags.Guard | PageFlags.Swap, guarded.Observation.Processes[1]!.Pages[1].Flags & ~PageFlags.SoftDirty);
        Assert.Equal(OpResult.Value(0), Last(Map(0, 4), Advise(1, 1, Advice.MADV_GUARD_INSTALL), Advise(0, 4, Advice.MADV_GUARD_REMOVE), Read(1)).Result);
    }

    [SkippableFact]
    public void ShrinkingAFileUnmapsPrivateCopiesToo()
    {
        StepRecord shrunk = Last(Map(0, 8, 1), Write(1), new MmOp.Ftruncate(0, 1, Page), Read(1));
        Assert.Equal(OpResult.Signal(OpResult.SIGBUS, OpResult.BUS_ADRERR, Arena.Address(1) + 7), shrunk.Result);
        StepRecord punched = Last(Map(0, 8, 1), Write(1), new MmOp.PunchHole(0, 1, 0, 2 * Page), Read(1));
        Assert.Equal(ResultKind.Value, punched.Result.Kind);
        Assert.True(punched.Observation.Processes[0]!.Pages[1].Flags.HasFlag(PageFlags.Present));
    }

    [SkippableFact]
    public void AMoveOfOneLengthTakesSeveralVmas()
    {
        StepRecord moved = Last(Map(0, 4), Write(1), Map(6, 4, protection: R), new MmOp.Mremap(0, Arena.Start, 10 * Page, 10 * Page, Move, Arena.Address(20)));
        Skip.If(moved.Result == OpResult.Refused(Errno.EFAULT), $"Linux {Policy.Release} moves one VMA at a time (6.17 moves several)");
        Assert.Equal([(20, 24), (26, 30)], moved.Observation.Processes[0]!.Vmas.Select(static vma => (vma.FirstPage, vma.EndPage)));
    }

    private MachinePolicy Policy => _agent.Value.Policy;

    private static MmOp.Mmap Map(int page, int count, int file = -1, Protection protection = RW, int process = 0) =>
        new(process, Arena.Address(page), (ulong)count * Page, protection, MapFlags.MAP_FIXED | MapFlags.MAP_PRIVATE | (file < 0 ? MapFlags.MAP_ANONYMOUS : MapFlags.None), file, 0);

    private static MmOp.Mmap Shared(int page, int count, int file) => new(0, Arena.Address(page), (ulong)count * Page, RW, MapFlags.MAP_FIXED | MapFlags.MAP_SHARED, file, 0);

    private static MmOp.Read Read(int page) => new(0, Arena.Address(page) + 7);

    private static MmOp.Write Write(int page) => new(0, Arena.Address(page), 0x1234);

    private static MmOp.Madvise Advise(int page, int count, Advice advice) => new(0, Arena.Address(page), (ulong)count * Page, advice);

    private static IEnumerable<int> Present(StepRecord step, int process = 0) =>
        Enumerable.Range(0, Arena.Pages).Where(page => step.Observation.Processes[process]!.Pages[page].Flags.HasFlag(PageFlags.Present));

    private static int Vmas(StepRecord step, int process = 0) => step.Observation.Processes[process]!.Vmas.Count;

    private static (uint, uint, uint) Sums(StepRecord step, int vma, SmapsField first, SmapsField second, SmapsField third, int process = 0)
    {
        VmaObservation seen = step.Observation.Processes[process]!.Vmas[vma];
        return (seen[first], seen[second], seen[third]);
    }

    /// <summary>The step of the last operation.</summary>
    private StepRecord Last(params MmOp[] ops) => All(ops)[ops.Length - 1];

    /// <summary>All steps, the two closing ones among them.</summary>
    private StepRecord[] All(params MmOp[] ops) => [.. _agent.Value.Run(new MmSequence(0, ProbeMode.Quiet, ops)).Steps()];
}
