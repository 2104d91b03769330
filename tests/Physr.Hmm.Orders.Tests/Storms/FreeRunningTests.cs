// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Mm;
using Xunit.Abstractions;

namespace Physr.Hmm.Orders.Tests;

/// <summary>The same on threads that nobody orders: what the processor and its memory order do by themselves.</summary>
public sealed class FreeRunningTests(ITestOutputHelper output)
{
    private const int Threads = 4;

    [Theory]
    [InlineData(16, false)]
    [InlineData(1024, true)]
    public void ThreadsThatNobodyOrders_KeepEveryValueAndEveryCount(int pages, bool isHuge)
    {
        WorldOptions options = isHuge ? new() { Devices = 2, RamMebibytes = 32, HugePages = HugePagePolicy.Always } : new() { Devices = 2, RamMebibytes = 4, SwapPages = 65 };
        using World world = new(options);
        Process process = world.Spawn("process", pages, [0]);
        List<DeviceMirror> mirrors = [.. world.Devices.Select(process.Mirror)];
        FreeRunner[] runners = [.. Enumerable.Range(0, Threads).Select(thread => new FreeRunner(world, process, mirrors, thread, seed: 7 * thread, isHuge))];
        long end = Stopwatch.GetTimestamp() + (Stopwatch.Frequency * 4);
        Exception?[] failures = new Exception?[Threads];
        Thread[] threads = [.. runners.Select((runner, at) => new Thread(() => failures[at] = runner.RunUntil(end)))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.All(failures, Assert.Null);
        ulong added = runners.Aggregate(0UL, static (sum, runner) => sum + runner.Added);
        ulong found = 0;
        for (int page = 0; page < pages; page += runners[0].Stride)
        {
            Assert.Equal(AccessOutcome.Done, process.Space.Load(process.AddressOf(page), out ulong sum));
            found += sum;
        }

        output.WriteLine($"{runners.Sum(static runner => runner.Deeds)} deeds, {added} additions, {world.Devices.Sum(static device => device.Callbacks)} faults served");
        Assert.Equal(added, found);
        process.Gone[0] = true;
        world.Finish();
    }
}
