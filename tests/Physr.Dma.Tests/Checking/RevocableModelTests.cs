// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Checking;
using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Tests.Checking;

/// <summary>The promise of a revoke and the absence of deadlock, over every interleaving; and what breaks them.</summary>
public sealed class RevocableModelTests(Xunit.Abstractions.ITestOutputHelper output)
{
    /// <summary>Importers that keep the rules, in every way there is.</summary>
    private static readonly ImporterPolicy[] s_lawful =
    [
        .. from path in Enum.GetValues<DevicePath>()
           from unmapsWhenTold in new[] { false, true }
           from holdsUntilTold in new[] { false, true }
           select new ImporterPolicy { Path = path, UnmapsWhenTold = unmapsWhenTold, HoldsUntilTold = holdsUntilTold },
    ];

    private static readonly ImporterPolicy s_later = new() { HoldsUntilTold = true };
    private static readonly ImporterPolicy s_callback = new() { UnmapsWhenTold = true };
    private static readonly ImporterPolicy s_lazy = new() { Path = DevicePath.LazyIommu };

    [Fact]
    public void R69a_WithOneImporterOfAnyKind_NoMappingSurvivesARevoke_AndNobodyWaitsForEver()
    {
        int states = 0;
        foreach (ImporterPolicy policy in s_lawful)
        {
            foreach (bool isRevokedAtFirst in new[] { false, true })
            {
                states += Proved(new() { Importers = [policy], Rounds = 2, Controllers = 2, Operations = 2, IsRevokedAtFirst = isRevokedAtFirst }).States;
            }
        }

        output.WriteLine($"{states} states");
        Assert.True(states > 100_000, $"only {states} states: the proof is empty");
    }

    [Fact]
    public void R69a_WithTwoImportersOfAnyKinds_NoMappingSurvivesARevoke_AndNobodyWaitsForEver()
    {
        int states = 0;
        for (int first = 0; first < s_lawful.Length; first++)
        {
            for (int second = first; second < s_lawful.Length; second++)
            {
                states += Proved(new() { Importers = [s_lawful[first], s_lawful[second]], Operations = 3 }).States;
            }
        }

        output.WriteLine($"{states} states");
        Assert.True(states > 100_000, $"only {states} states: the proof is empty");
    }

    [Fact]
    public void R69a_WithThreeImportersAndTwoControllers_NoMappingSurvivesARevoke_AndNobodyWaitsForEver()
    {
        StateSpaceResult one = Proved(new() { Importers = [s_later, s_callback, s_lazy], Operations = 3 });
        StateSpaceResult two = Proved(new() { Importers = [s_later, s_callback, s_lazy], Controllers = 2, Operations = 1 });
        StateSpaceResult again = Proved(new() { Importers = [s_lazy, s_callback], Rounds = 2, Controllers = 2, Operations = 2 });
        output.WriteLine($"{one}\n{two}\n{again}");
        Assert.True(one.States > 50_000 && two.States > 100_000 && again.States > 200_000, "the proof is empty");
    }

    [Fact]
    public void R69_AWaitThatIsGivenUpAtAnyTimeBreaksNoLaterPromise_AndBlocksNobody()
    {
        StateSpaceResult one = Proved(new() { Importers = [s_later], Rounds = 2, Controllers = 2, Operations = 2, MayGiveUp = true });
        StateSpaceResult two = Proved(new() { Importers = [s_callback, s_lazy], Operations = 3, MayGiveUp = true });
        output.WriteLine($"{one}\n{two}");

        // A rule that takes what was given up for done is caught.
        Mutant trusting = new(RevocableOperation.Map, static program => program) { TrustsARevokeThatIsNotDone = true };
        StateSpaceResult wrong = RevocableModel.Check(new() { Rules = trusting, Importers = [s_later], Controllers = 2, Operations = 2, MayGiveUp = true });
        Assert.Contains("its mapping survived", wrong.Violation!, StringComparison.Ordinal);
        Assert.Contains(wrong.Trace, static line => line.Contains("gives up", StringComparison.Ordinal));
    }

    [Fact]
    public void R69_MutantThatSkipsTheDrainIsCaught() =>
        Caught("its mapping survived", Mutant.Without(RevocableOperation.Revoke, RevocableStep.AwaitDrain), s_later);

    [Fact]
    public void R69_MutantThatSkipsTheFencesIsCaught() =>
        Caught("its transfer is in flight", Mutant.Without(RevocableOperation.Revoke, RevocableStep.AwaitFences), s_callback);

    [Fact]
    public void R69_MutantThatDoesNotTellOneImporterIsCaught() =>
        Caught("deadlock", new Mutant(RevocableOperation.Map, static program => program) { SkipsTheLastImporter = true }, s_callback, s_later);

    [Fact]
    public void R69_MutantThatTellsBeforeItForbidsIsCaught() =>
        Caught("deadlock", Mutant.Swapped(RevocableOperation.Revoke, RevocableStep.ForbidMapping, RevocableStep.TellImporters), s_later);

    [Fact]
    public void R69_MutantThatUnrevokesBeforeTheDrainIsCaught() =>
        Caught("its mapping survived", Mutant.Without(RevocableOperation.Unrevoke, RevocableStep.TakeControl, RevocableStep.LeaveUnlessRevoked), s_later);

    [Fact]
    public void R69_MutantWhoseMapsIgnoreTheFlagIsCaught() =>
        Caught("its mapping survived", Mutant.Without(RevocableOperation.Map, RevocableStep.RefuseUnlessUsable), s_later);

    [Fact]
    public void R69_MutantWhoseMapsAreNotCountedIsCaught() =>
        Caught("", Mutant.Without(RevocableOperation.Map, RevocableStep.CountMapping), s_later);

    [Fact]
    public void R69_MutantThatUncountsBeforeItUnmapsIsCaught() =>
        Caught("its mapping survived", Mutant.Swapped(RevocableOperation.Unmap, RevocableStep.DropTranslation, RevocableStep.UncountMapping), s_later);

    [Fact]
    public void R69_MutantThatClosesWithoutADrainIsCaught() =>
        Caught("its mapping survived", Mutant.Without(RevocableOperation.Close, RevocableStep.AwaitDrain), s_later);

    [Fact]
    public void R69_MutantThatDoesNotFlushIsCaught() =>
        Caught("its IOMMU remembers the address", Mutant.Without(RevocableOperation.Revoke, RevocableStep.FlushStale), s_lazy);

    [Fact]
    public void R69_MutantThatFlushesBeforeTheDrainIsCaught() =>
        Caught("its IOMMU remembers the address", Mutant.Moved(RevocableOperation.Revoke, RevocableStep.FlushStale, RevocableStep.AwaitDrain), s_lazy);

    [Fact]
    public void R69_MutantThatWaitsForTheDrainUnderTheReservationLockIsCaught() =>
        Caught("deadlock", Mutant.Moved(RevocableOperation.Revoke, RevocableStep.AwaitDrain, RevocableStep.GiveReservation), s_later);

    [Fact]
    public void R69_MutantThatTakesItsLocksInTheOtherOrderIsCaught() =>
        Caught("deadlock", Mutant.Swapped(RevocableOperation.Unrevoke, RevocableStep.TakeControl, RevocableStep.TakeReservation), s_later);

    [Fact]
    public void R69b_MutantWhoseSecondRevokeDoesNotWaitForTheFirstIsCaught() =>
        Caught(
            "its mapping survived",
            new Mutant(RevocableOperation.Revoke, static program => [RevocableStep.LeaveIfRevoked, .. program]) { TrustsARevokeThatIsNotDone = true },
            s_later);

    [Fact]
    public void R69_AnImporterThatTakesItsOwnLockFirstIsCaught() =>
        Caught("deadlock", Mutant.Unchanged(), s_later with { LocksItselfFirst = true });

    [Fact]
    public void R69_AnImporterWhoseFencesNeedTheReservationLockIsCaught() =>
        Caught("deadlock", Mutant.Unchanged(), s_later with { SignalsUnderReservation = true });

    [Fact]
    public void R69_AnImporterThatStartsTransfersWithoutLookingIsCaught() =>
        Caught("its transfer is in flight", Mutant.Unchanged(), s_callback with { LooksBeforeItStarts = false });

    private static StateSpaceResult Proved(RevocableModelOptions options)
    {
        StateSpaceResult result = RevocableModel.Check(options);
        Assert.True(result.IsProved, result.ToString());
        return result;
    }

    /// <summary>The mutant fails with a trace that says so, and the same model with the shipped rules and lawful importers does not.</summary>
    private void Caught(string violation, Mutant rules, params ImporterPolicy[] importers)
    {
        RevocableModelOptions options = new() { Importers = importers, Controllers = 2, Operations = 2 };
        StateSpaceResult result = RevocableModel.Check(options with { Rules = rules });
        output.WriteLine(result.ToString());
        Assert.NotNull(result.Violation);
        Assert.Contains(violation, result.Violation, StringComparison.Ordinal);
        Assert.NotEmpty(result.Trace);
        Assert.Contains(result.Trace, static line => line.Contains("begins Revoke", StringComparison.Ordinal) || line.Contains("begins Close", StringComparison.Ordinal));
        ImporterPolicy[] lawful = [.. importers.Select(static importer => importer with { LocksItselfFirst = false, SignalsUnderReservation = false, LooksBeforeItStarts = true })];
        Proved(options with { Importers = lawful });
    }
}
