// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Crash;

namespace Physr.Storage.Tests.Crash;

/// <summary>The textbook's mistakes are found, and its right answer passes.</summary>
public sealed class CrashBugTests
{
    private const ulong Flag = 512;

    [Theory]
    [InlineData(true, true, null)]
    [InlineData(false, true, "torn")]
    [InlineData(true, false, "torn")]
    public void ACommitFlag_NeedsTheDataFlushedAndFencedBefore(bool flushes, bool fences, string? expected)
    {
        StoreTrace trace = Record(flushes, fences, 4);
        CrashReport report = CrashStates.Run(trace, Check);
        Assert.Equal(expected, report.Failure?.Message);
        if (report.Failure is { } failure)
        {
            Assert.Equal(expected, CrashStates.Replay(Record(flushes, fences, 4), failure, Check));
            Assert.Contains("seed 1; cut ", failure.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void TheSameIsFound_WhereThereAreTooManyStatesToLookAtEach(bool flushes, bool fences)
    {
        CrashOptions options = new() { MostStates = 16, Samples = 0, SamplesPerStore = 0 };
        CrashReport right = CrashStates.Run(Record(true, true, 60), Check, options);
        Assert.Null(right.Failure);
        Assert.True(right.ExhaustiveCuts < right.Cuts, "every cut was exhaustive");
        CrashReport report = CrashStates.Run(Record(flushes, fences, 60), Check, options);
        Assert.Equal("torn", report.Failure?.Message);
        Assert.Equal("torn", CrashStates.Replay(Record(flushes, fences, 60), report.Failure!, Check));
    }

    [Fact]
    public void APromiseBeforeTheFence_IsFound()
    {
        StoreTrace trace = new();
        TracedMedia medium = new("m", 64, trace);
        medium.TryWrite(0, [1]);
        medium.TryFlush(0, 1);
        trace.Mark("acknowledged");
        medium.TryFence();
        CrashReport report = CrashStates.Run(trace, static (point, media) => point.LastMark is not null && media[0].ReadableAt(0, 1)[0] == 0 ? "lost" : null);
        Assert.Equal("lost", report.Failure?.Message);
        Assert.Contains("mark acknowledged", report.Failure?.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(false, "lost")]
    public void OneFence_CoversEveryMedium_UnlessItIsToldNotTo(bool isGlobal, string? expected)
    {
        StoreTrace trace = new(isGlobal);
        TracedMedia first = new("a", 64, trace);
        TracedMedia second = new("b", 64, trace);
        first.TryWrite(0, [1]);
        first.TryFlush(0, 1);
        second.TryFence();
        trace.Mark("done");
        CrashReport report = CrashStates.Run(trace, static (point, media) => point.LastMark is not null && media[0].ReadableAt(0, 1)[0] == 0 ? "lost" : null);
        Assert.Equal(expected, report.Failure?.Message);
    }

    [Fact]
    public void WhatACheckerStores_IsGoneInTheNextState()
    {
        StoreTrace trace = Record(true, true, 4);
        CrashReport report = CrashStates.Run(trace, static (_, media) =>
        {
            if (media[0].ReadableAt(1000, 1)[0] != 0)
            {
                return "left over";
            }

            media[0].TryWritePersistent(Flag, new byte[488]);
            media[0].TryWritePersistent(1000, [7]);
            media[0].Errors.Inject(0, 512);
            return null;
        });
        Assert.Null(report.Failure);
        Assert.Equal(report.Cuts, report.ExhaustiveCuts);
    }

    [Fact]
    public void ARecoveryThatCannotBeCut_IsFound_AndReplayed()
    {
        // Two bytes that must be equal; the recovery of one sets a mark that it is done before it is.
        StoreTrace trace = new();
        TracedMedia medium = new("m", 192, trace);
        medium.TryWritePersistent(0, [1]);
        medium.TryWritePersistent(64, [1]);
        static string? Recover(PersistentMemory medium, bool isRight)
        {
            if (medium.ReadableAt(0, 1)[0] != medium.ReadableAt(64, 1)[0] && medium.ReadableAt(128, 1)[0] == 0)
            {
                if (!isRight)
                {
                    medium.TryWritePersistent(128, [1]);
                }

                medium.TryWritePersistent(64, [1]);
            }

            return medium.ReadableAt(0, 1)[0] == medium.ReadableAt(64, 1)[0] ? null : "unequal";
        }

        Assert.Null(CrashStates.Run(trace, static (_, media) => Recover(media[0], false)).Failure);
        CrashOptions nested = new() { NestEvery = 1 };
        CrashReport right = CrashStates.Run(trace, static (_, media) => Recover(media[0], true), nested);
        Assert.Null(right.Failure);
        Assert.True(right.NestedStates > 0, "no recovery was cut");
        CrashFailure? failure = CrashStates.Run(trace, static (_, media) => Recover(media[0], false), nested).Failure;
        Assert.Equal("unequal", failure?.Message);
        Assert.NotNull(failure?.Recovery);
        Assert.Equal("unequal", CrashStates.Replay(trace, failure, static (_, media) => Recover(media[0], false)));
    }

    [Fact]
    public void AnException_IsAStateFoundWrong_AndNamed()
    {
        CrashReport report = CrashStates.Run(Record(true, true, 1), static (point, _) => point.Cut == 1 ? throw new InvalidOperationException("deep") : null);
        Assert.Equal("InvalidOperationException: deep", report.Failure?.Message);
        Assert.Equal(1, report.Failure?.Point.Cut);
    }

    [Fact]
    public void TheSetUp_IsDurable_AfterBegin()
    {
        StoreTrace trace = new();
        TracedMedia medium = new("m", 64, trace);
        medium.TryWrite(0, [1]);
        Assert.Throws<PhysrException>(() => new TracedMedia("late", 64, trace));
        trace.Begin();
        medium.TryWrite(0, [2]);
        Assert.Null(CrashStates.Run(trace, static (_, media) => media[0].ReadableAt(0, 1)[0] == 0 ? "lost" : null).Failure);
    }

    private static string? Check(CrashPoint point, IReadOnlyList<PersistentMemory> media)
    {
        ReadOnlySpan<byte> data = media[0].ReadableAt(0, Flag);
        int end = data.IndexOf((byte)9);
        return media[0].ReadableAt(Flag, 1)[0] == 1 && (end < 0 || data[..end].Contains((byte)0)) ? "torn" : null;
    }

    /// <summary>Data, then the flag that says it is there.</summary>
    private static StoreTrace Record(bool flushes, bool fences, int units)
    {
        StoreTrace trace = new();
        TracedMedia medium = new("m", 1024, trace);
        byte[] data = new byte[8 * units];
        data.AsSpan().Fill(8);
        data[^1] = 9;
        medium.TryWrite(0, data);
        if (flushes)
        {
            medium.TryFlush(0, (ulong)data.Length);
        }

        if (fences)
        {
            medium.TryFence();
        }

        medium.TryWrite(Flag, [1]);
        medium.TryPersist(Flag, 1);
        return trace;
    }
}
