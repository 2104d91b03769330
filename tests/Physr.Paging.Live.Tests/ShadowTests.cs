// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Xunit.Abstractions;

namespace Physr.Paging.Live.Tests;

/// <summary>What is read is what was written, whatever the threads, the order of touches, the store and the room: ten million reads and writes beside the same on ordinary memory.</summary>
public sealed class ShadowTests(ITestOutputHelper output)
{
    private const int OperationsEach = 280_000;

    private static readonly int s_seed = int.TryParse(Environment.GetEnvironmentVariable("PHYSR_PAGING_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : 1;

    [SkippableFact]
    public void EveryStoreWithEveryOrderOfTouchesGivesBackWhatWasWritten()
    {
        LiveSystem.Require();
        using TemporaryFolder folder = new();
        using Victim child = Victim.Start("matrix", "stores=memory,lz4,zstd,file", $"file={folder.File("pages")}", $"seed={s_seed}", $"operations={OperationsEach}");
        string[] lines = child.Finish();
        output.WriteLine($"seed {s_seed}\n{string.Join('\n', lines)}");
        Assert.Equal(4 * 3 * 3, lines.Length);
        long operations = lines.Sum(static line => Number(line, "operations"));
        Assert.True(operations >= 10_000_000, $"only {operations} operations");
        Assert.All(lines, static line => Assert.True(Number(line, "evictions") > 100, line));
    }

    [SkippableTheory]
    [InlineData("memory")]
    [InlineData("lz4")]
    public void APageIsNeverTornByItsEviction(string store)
    {
        LiveSystem.Require();
        using Victim child = Victim.Start("torn", $"store={store}", $"seed={s_seed}", "visits=1500");
        string[] lines = child.Finish();
        output.WriteLine($"seed {s_seed}: {lines[^1]}");
        Assert.StartsWith("right", lines[^1], StringComparison.Ordinal);
        Assert.True(Number(lines[^1], "evictions") > 1000, lines[^1]);
    }

    private static long Number(string line, string name)
    {
        string[] words = line.Split(' ');
        return long.Parse(words[Array.IndexOf(words, name) + 1], CultureInfo.InvariantCulture);
    }
}
