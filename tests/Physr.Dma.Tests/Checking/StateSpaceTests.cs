// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Checking;

namespace Physr.Dma.Tests.Checking;

public sealed class StateSpaceTests
{
    [Fact]
    public void EveryStateIsSeenOnce_AndTheDepthIsTheFarthest()
    {
        StateSpaceResult result = StateSpace.Explore(new Grid(9, 9));
        Assert.True(result.IsProved, result.ToString());
        Assert.Equal(100, result.States);
        Assert.Equal(2 * 10 * 9, result.Transitions);
        Assert.Equal(18, result.Depth);
        Assert.StartsWith("proved: 100 states", result.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AWrongStateComesWithAShortestWayToIt()
    {
        StateSpaceResult result = StateSpace.Explore(new Grid(9, 9) { Wrong = (3, 2) });
        Assert.False(result.IsProved);
        Assert.Equal("3,2", result.Violation);
        Assert.Equal(5, result.Trace.Count);
        Assert.Equal(3, result.Trace.Count(static line => line.StartsWith("right", StringComparison.Ordinal)));
        Assert.Contains("   5  ", result.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AStateThatNobodyCanLeaveIsADeadlock_UnlessItIsAGoodEnd()
    {
        StateSpaceResult result = StateSpace.Explore(new Grid(2, 2) { Trap = (1, 1) });
        Assert.StartsWith("deadlock", result.Violation, StringComparison.Ordinal);
        Assert.Equal(2, result.Trace.Count);
    }

    [Fact]
    public void BeyondTheLimitNothingIsProved()
    {
        StateSpaceResult result = StateSpace.Explore(new Grid(99, 99), limit: 50);
        Assert.False(result.IsProved);
        Assert.Null(result.Violation);
        Assert.StartsWith("not finished", result.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ItCanBeGivenUp()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => StateSpace.Explore(new Grid(9, 9), cancellationToken: source.Token));
    }

    [Fact]
    public void AModelLargerThanItsStateHoldsIsRefused()
    {
        Assert.Throws<ArgumentException>(() => new RevocableModel(new() { Importers = [new(), new(), new(), new()] }));
        Assert.Throws<ArgumentException>(() => new RevocableModel(new() { Importers = [] }));
        Assert.Throws<ArgumentException>(() => new RevocableModel(new() { Controllers = 3 }));
        Assert.Throws<ArgumentException>(() => new RevocableModel(new() { Rounds = 4 }));
        Assert.Throws<ArgumentException>(() => new RevocableModel(new() { Operations = 8 }));
    }

    /// <summary>Steps right and down from one corner to the other.</summary>
    private sealed class Grid(int width, int height) : IStateModel<(int X, int Y)>
    {
        public (int X, int Y) Wrong { get; init; } = (-1, -1);

        public (int X, int Y) Trap { get; init; } = (-1, -1);

        public (int X, int Y) Initial => (0, 0);

        public void Expand((int X, int Y) state, List<StateStep<(int X, int Y)>> steps)
        {
            if (state.X < width && state != Trap)
            {
                steps.Add(new(0, (state.X + 1, state.Y)));
            }

            if (state.Y < height && state != Trap)
            {
                steps.Add(new(1, (state.X, state.Y + 1)));
            }
        }

        public string? FindViolation((int X, int Y) state) => state == Wrong ? $"{state.X},{state.Y}" : null;

        public bool MayRest((int X, int Y) state) => state == (width, height);

        public string Describe((int X, int Y) before, int action) => $"{(action == 0 ? "right" : "down")} from {before.X},{before.Y}";
    }
}
