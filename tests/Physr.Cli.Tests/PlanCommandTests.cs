// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.Json;
using Physr.Cli.Tests.Infrastructure;

namespace Physr.Cli.Tests;

/// <summary><c>physr plan</c>: section 3 at the command line.</summary>
public sealed class PlanCommandTests
{
    private const ulong KiB = 1UL << 10;
    private const ulong MiB = 1UL << 20;
    private const ulong GiB = 1UL << 30;
    private const ulong TiB = 1UL << 40;

    [Theory]
    [InlineData("fsdax", "1TiB", "", 16 * GiB, TiB - (2 * MiB), 2 * MiB)]
    [InlineData("devdax", "1TiB", "--align 2MiB", 4 * GiB, TiB - (2 * MiB), 2 * MiB)]
    [InlineData("devdax", "1TiB", "--align 1GiB", 8 * MiB, TiB - GiB, GiB)]
    [InlineData("devdax", "1TiB", "", 4 * GiB, TiB - (2 * MiB), 2 * MiB)]
    [InlineData("fsdax", "1500GiB", "--altmap", 24000 * MiB, (1500 * GiB) - (24002 * MiB), 2 * MiB)]
    [InlineData("private", "80GiB", "", 1280 * MiB, 80 * GiB, 0)]
    [InlineData("pciP2P", "64MiB", "", MiB, 64 * MiB, 0)]
    [InlineData("ram", "1TiB", "", 16 * GiB, TiB, 0)]
    [InlineData("ram", "4KiB", "", 64, 4 * KiB, 0)]
    public void S3_JsonIsExact(string type, string size, string options, ulong descriptors, ulong usable, ulong waste)
    {
        Invocation run = Invocation.Of(["plan", "--type", type, "--size", size, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--output", "json"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        using JsonDocument document = JsonDocument.Parse(run.Output);
        JsonElement root = document.RootElement;
        Assert.Equal(["type", "size", "descriptorBytes", "usableBytes", "wasteBytes", "notes", "choices"], root.EnumerateObject().Select(static each => each.Name));
        Assert.Equal(type, root.GetProperty("type").GetString());
        Assert.Equal((descriptors, usable, waste), (root.GetProperty("descriptorBytes").GetUInt64(), root.GetProperty("usableBytes").GetUInt64(), root.GetProperty("wasteBytes").GetUInt64()));
        Assert.Single(root.GetProperty("choices").EnumerateArray(), static choice => choice.GetProperty("chosen").GetBoolean());
    }

    [Fact]
    public void TheTableComparesAllChoices_AndMarksTheChosenOne()
    {
        Invocation run = Invocation.Of("plan", "--type", "fsdax", "--size", "1500GiB", "--altmap");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        string[] lines = run.Output.Split('\n');
        Assert.Equal("fsdax, 1500 GiB", lines[0]);
        string chosen = Assert.Single(lines, static line => line.Contains("->", StringComparison.Ordinal));
        Assert.Matches("-> +fsdax altmap +23.44 GiB +device +1476.56 GiB +2 MiB", chosen);
        Assert.Matches("^ +page-less +0 +none +1500 GiB +0$", Assert.Single(lines, static line => line.Contains("page-less", StringComparison.Ordinal)));
        foreach (string choice in (string[])["fsdax ", "devdax 4KiB", "devdax 2MiB", "devdax 1GiB", "devdax 4KiB altmap", "pciP2P", "private", "ram ", "ram 2MiB huge", "ram 1GiB huge"])
        {
            Assert.Contains(choice, run.Output, StringComparison.Ordinal);
        }

        Assert.Contains("exactly: 25165824000 bytes of descriptors, 1585444814848 usable, 2097152 of waste.", run.Output, StringComparison.Ordinal);
        Assert.Contains("note: Start and size are multiples of the 2MiB sub-section", run.Output, StringComparison.Ordinal);
        Assert.All(lines, static line => Assert.Equal(line, line.TrimEnd()));
    }

    [Theory]
    [InlineData("--type fsdax --size 0", "a size of 0 holds nothing")]
    [InlineData("--type fsdax --size 1537KiB", "2MiB would be right")]
    [InlineData("--type devdax --size 5MiB", "no multiple of 2MiB, and page descriptors come by sub-sections of 2MiB: 4MiB or 6MiB would be right")]
    [InlineData("--type devdax --size 1TiB --align 2MiB --altmap", "never shared")]
    [InlineData("--type private --size 1GiB --altmap", "only fsdax and devdax")]
    [InlineData("--type ram --size 1GiB --altmap", "only fsdax and devdax")]
    [InlineData("--type tape --size 1GiB", "'tape' is none of fsdax, devdax, private, pciP2P, ram")]
    [InlineData("--type fsdax --size 99999999999TiB", "--size")]
    [InlineData("--type fsdax --size 70000TiB", "64PiB")]
    [InlineData("--type fsdax --size 1GB", "1GiB")]
    [InlineData("--type fsdax --size x", "--size")]
    [InlineData("--type fsdax --size 1GiB --align 64KiB", "4KiB, 2MiB and 1GiB")]
    [InlineData("--type fsdax --size 1GiB --align big", "--align")]
    [InlineData("--type fsdax", "--size is missing")]
    [InlineData("--size 1GiB", "--type is missing")]
    public void BadInputIsOneMessage(string line, string part)
    {
        Invocation run = Invocation.Of(["plan", .. line.Split(' ')]);
        Assert.Equal((ExitCode.BadInput, ""), (run.ExitCode, run.Output));
        Assert.Contains(part, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.StartsWith("physr plan: ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("plan", "x.yaml", "--type", "ram")]
    [InlineData("plan", "--output", "xml")]
    public void AWrongUseIsRefused(params string[] args)
    {
        Invocation run = Invocation.Of(args);
        Assert.Equal((ExitCode.BadInput, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("physr plan: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AScenarioIsPlannedMemoryByMemory()
    {
        string scenario = Path.Combine(ScenarioFolder(), "unaddressable.yaml");
        Invocation run = Invocation.Of("plan", scenario, "--output", "json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        using JsonDocument document = JsonDocument.Parse(run.Output);
        JsonElement[] memories = [.. document.RootElement.GetProperty("memories").EnumerateArray()];
        Assert.Equal(
            [("ram", "ram", 2 * GiB, 32 * MiB), ("gpu0 BAR 2", "page-less", MiB, 0UL), ("gpu0 memory", "private", 272 * MiB, 272 * 16 * KiB)],
            memories.Select(static each => (
                each.GetProperty("name").GetString()!, each.GetProperty("type").GetString()!, each.GetProperty("size").GetUInt64(), each.GetProperty("descriptorBytes").GetUInt64())));
        run = Invocation.Of("plan", scenario);
        Assert.Contains("Page descriptors take", run.Output, StringComparison.Ordinal);
        Assert.Contains("gpu0 memory:", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryScenarioOfTheRepositoryIsPlanned()
    {
        foreach (string scenario in Directory.GetFiles(ScenarioFolder(), "*.yaml"))
        {
            Assert.Equal((0, ""), (Invocation.Of("plan", scenario) is var run ? run.ExitCode : 1, run.Error));
            Assert.Contains("ram", run.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AScenarioThatIsNotThereIsBadInput()
    {
        Invocation run = Invocation.Of("plan", "/no/such.yaml");
        Assert.Equal((ExitCode.BadInput, ""), (run.ExitCode, run.Output));
        Assert.Contains("/no/such.yaml", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    private static string ScenarioFolder()
    {
        string folder = AppContext.BaseDirectory;
        while (!Directory.Exists(Path.Combine(folder, "scenarios")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return Path.Combine(folder, "scenarios");
    }
}
