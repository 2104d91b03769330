// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Dma.PageTables;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Scenarios;

public class ScenarioReaderTests
{
    private const ulong MiB = 1 << 20;

    [Fact]
    public void EveryKey_ArrivesInItsRecord()
    {
        Scenario scenario = Draft.Read(Draft.Text).Scenario!;

        Assert.Equal(("full", 7UL), (scenario.Name, scenario.Seed));
        Assert.Equal(new HostSpec("AuthenticAMD", 25, "6.12", 1024 * MiB, 38_000_000_000, 90) { Iommu = new(IoPageTableFormat.VtdSecondStage, IommuPolicy.Strict, 512) }, scenario.Host);
        Dictionary<string, FabricSpec> nodes = scenario.Fabric.ToDictionary(static node => node.Name, StringComparer.Ordinal);
        Assert.Equal(((ushort?)0x1022, (ushort?)0x14a4, 4096 * MiB), (nodes["hb0"].VendorId, nodes["hb0"].DeviceId, nodes["hb0"].BusOffset));
        Assert.Equal(((ushort?)0b101, 4, 16), (nodes["rp0"].AcsControl, nodes["rp0"].LinkGeneration, nodes["rp0"].LinkLanes));
        Assert.Equal((ushort?)0, nodes["sw0p0"].AcsControl);
        Assert.Null(nodes["sw0p1"].AcsControl);
        Assert.Equal((ushort?)0b1111010, nodes["sw0p2"].AcsControl);
        Assert.Equal((64 * MiB, 2), (nodes["nvme1"].CmbBytes, nodes["nvme1"].CmbBar));
        Assert.Equal((7_000_000_000UL, 6_000_000_000UL, 60_000UL), (nodes["nvme0"].ReadBytesPerSecond, nodes["nvme0"].WriteBytesPerSecond, nodes["nvme0"].LatencyNanoseconds));
        Assert.Equal([new NamespaceSpec("ns0", 32 * MiB, 512, null) { IsReadOnly = true }], nodes["nvme0"].Namespaces);
        Assert.Equal((256 * MiB, 2048 * MiB), (nodes["gpu0"].ApertureBytes, nodes["gpu0"].MemoryBytes));
        Assert.Equal([new InitiatorSpec("initiator0", "nic0", 48 * MiB, 12_500_000_000, 2_000)], scenario.Initiators);
        Assert.Equal(new TransferSpec("in", "initiator0", MiB, "ns1", 4096, 8 * MiB, 128 << 10, 8), scenario.Transfers[0]);
        Assert.Equal(new TransferSpec("out", "ns0", 0, "ns2", 0, 4 * MiB, 256 << 10, 16), scenario.Transfers[1]);
        Assert.Equal([(null, false), ("nvme1", false), ("gpu0", false), (null, true)], scenario.Routes.Select(static route => (route.Provider, route.Automatic)));
        Assert.Equal((true, (ushort)0b1100), (scenario.Routes[1].Pages, scenario.Routes[1].AcsControl["sw0p0"]));
        Assert.Equal(("GenuineIntel", 6, false), (scenario.Routes[2].CpuVendor, scenario.Routes[2].CpuFamily, scenario.Routes[2].FallBack));
        Assert.Equal(new IommuSpec(IoPageTableFormat.VtdSecondStage, IommuPolicy.Lazy, 512), scenario.Routes[2].Iommu);
        Assert.Null(scenario.Routes[0].Iommu);
        Assert.Equal((48, 64, 32), (nodes["nic0"].DmaMaskBits, nodes["nvme0"].DmaMaskBits, scenario.Routes[2].DmaMaskBits["nvme0"]));
        Assert.Equal([new FaultSpec(FaultKind.LinkDown, "nvme0", 3, "bounce"), new FaultSpec(FaultKind.DmaError, "nic0", 1, null)], scenario.Faults);
    }

    [Theory]
    [InlineData("AuthenticAMD", IoPageTableFormat.AmdV1)]
    [InlineData("GenuineIntel", IoPageTableFormat.VtdSecondStage)]
    public void AnIommuIsItsMakersAndLazy_WhereNothingElseIsSaid(string vendor, IoPageTableFormat format)
    {
        string text = Draft.Text.Replace("AuthenticAMD", vendor, StringComparison.Ordinal)
            .Replace("iommu: { mode: strict, format: vtdSecondStage, iotlb: 512 }", "iommu: {}", StringComparison.Ordinal);
        Assert.Equal(new IommuSpec(format, IommuPolicy.Lazy, 1024), Draft.Read(text).Scenario!.Host.Iommu);
        Assert.Null(Draft.Read(text.Replace("  iommu: {}\n", "", StringComparison.Ordinal)).Scenario!.Host.Iommu);
    }

    [Fact]
    public void TheRepositorysScenarios_CanBeRun()
    {
        string[] files = Directory.GetFiles(Path.Combine(RepositoryRoot(), "scenarios"), "*.yaml");
        Assert.NotEmpty(files);
        Assert.All(files, static file =>
        {
            ScenarioReader.TryRead(file, null, out _, out IReadOnlyList<ScenarioError> errors);
            Assert.Empty(errors);
        });
    }

    [Fact]
    public void TheDocumentsExamples_CanBeRead()
    {
        string document = File.ReadAllText(Path.Combine(RepositoryRoot(), "docs", "scenarios.md"));
        string[] blocks = [.. document.Split("```yaml\n").Skip(1).Select(static block => block[..block.IndexOf("```", StringComparison.Ordinal)])];
        string faults = Assert.Single(blocks, static block => block.StartsWith("faults:", StringComparison.Ordinal));
        string small = Assert.Single(blocks, static block => block.StartsWith("name:", StringComparison.Ordinal));

        Assert.Empty(Draft.Read(small).Errors);
        string text = Draft.Text[..Draft.Text.IndexOf("faults:", StringComparison.Ordinal)] + faults;
        Assert.Equal(Enum.GetValues<FaultKind>(), Draft.Read(text).Scenario!.Faults.Select(static fault => fault.Kind).Order());
    }

    [Fact]
    public void NodesMayStandInAnyOrder_AndComeParentsFirst()
    {
        string[] lines = Draft.Text.Split('\n');
        int first = Array.FindIndex(lines, static line => line.Contains("name: hb0", StringComparison.Ordinal));
        string hostBridge = lines[first];
        List<string> moved = [.. lines];
        moved.RemoveAt(first);
        moved.Insert(moved.FindIndex(static line => line.StartsWith("initiators", StringComparison.Ordinal)) - 1, hostBridge);

        Scenario scenario = Draft.Read(string.Join('\n', moved)).Scenario!;

        HashSet<string> seen = new(StringComparer.Ordinal);
        Assert.All(scenario.Fabric, node =>
        {
            Assert.True(node.Under is null || seen.Contains(node.Under), node.Name);
            seen.Add(node.Name);
        });
        Assert.Equal(11, seen.Count);
    }

    [Fact]
    public void IndependentMistakes_AreToldTogether_InTheTextsOrder()
    {
        string text = Draft.Text.Replace("kernel: 6.12", "kernel: x", StringComparison.Ordinal)
            .Replace("size: 64MiB, bar: 2", "size: 60MiB, bar: 0", StringComparison.Ordinal)
            .Replace("seed: 7", "seed: x", StringComparison.Ordinal);

        long[] lines = [.. Draft.Read(text).Errors.Select(static error => error.Line)];

        Assert.Equal([3, 6, 26, 26], lines);
    }

    [Fact]
    public void NoMoreThanTwentyMistakes_AreTold()
    {
        string text = Draft.Text + string.Concat(Enumerable.Range(0, 50).Select(static i => $"key{i}: 1\n"));

        IReadOnlyList<ScenarioError> errors = Draft.Read(text).Errors;

        Assert.Equal(20, errors.Count);
        Assert.Contains("'key0'", errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingName_IsToldOnce_HoweverOftenItIsAskedFor()
    {
        string text = Draft.Text.Replace("from: ns0", "from: nsX", StringComparison.Ordinal).Replace("to: ns2", "to: nsX2", StringComparison.Ordinal)
            .Replace("to: ns1", "to: nsX", StringComparison.Ordinal);

        string[] missing = [.. Draft.Read(text).Errors.Select(static error => error.Message.Split('\'')[1])];
        Assert.Equal(["nsX", "nsX2"], missing);
    }

    [Theory]
    [InlineData("", 1, 1, "the scenario is empty")]
    [InlineData("# only a comment\n", 1, 1, "the scenario is empty")]
    [InlineData("- a\n", 1, 1, "a scenario is a mapping of name, seed, host")]
    [InlineData("just words\n", 1, 1, "a scenario is a mapping of name, seed, host")]
    [InlineData("name: x\n---\nname: y\n", 2, 1, "a second document begins here")]
    [InlineData("name: \"x\n", 1, 7, "this is not YAML")]
    [InlineData("name: {a: [}\n", 1, 12, "this is not YAML")]
    [InlineData("name: x\n bad\nhost: y: z\n", 3, 8, "this is not YAML")]
    [InlineData("? [a]\n: b\n", 1, 1, "keys are words")]
    [InlineData("name: %x\n", 1, 7, "this is not YAML")]
    public void TextThatIsNoScenario_GivesOneMessage(string text, long line, long column, string message)
    {
        ScenarioError error = Assert.Single(Draft.Read(text).Errors);

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void BytesThatAreNotUtf8_AreFoundByLineAndColumn()
    {
        byte[] bytes = [.. "name: x\nhöst: "u8, 0xFF, .. "\n"u8];
        ScenarioReader.TryRead(bytes, "s.yaml", "/", null, out _, out IReadOnlyList<ScenarioError> errors);

        Assert.Equal("s.yaml:2:7: byte 0xff is not UTF-8; save the scenario as UTF-8 text", Assert.Single(errors).ToString());
    }

    [Fact]
    public void AByteOrderMarkAndCarriageReturns_AreNoMistakes()
    {
        byte[] bytes = [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Draft.Text.Replace("\n", "\r\n", StringComparison.Ordinal))];

        Assert.True(ScenarioReader.TryRead(bytes, "s.yaml", "/", null, out _, out _));
    }

    [Fact]
    public void DeepAndHugeTexts_AreRefusedEarly()
    {
        string[] texts = [new string('[', 500_000), string.Concat(Enumerable.Repeat("a: {", 100_000)), new string('x', 2 << 20), $"a: [{string.Join(',', Enumerable.Repeat("1", 200_000))}]"];
        string[] messages = ["nested deeper than 32", "nested deeper than 32", "larger than 1 MiB", "more than 50000 values"];

        Assert.All(texts.Zip(messages), static pair => Assert.Contains(pair.Second, Assert.Single(Draft.Read(pair.First).Errors).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void LongLists_AreRefused_AndCheckedNoFurther()
    {
        string nodes = string.Concat(Enumerable.Range(0, 5000).Select(static i => $"  - {{ name: p{i}, type: switch, under: p{i + 1} }}\n"));

        IReadOnlyList<ScenarioError> errors = Draft.Read(Draft.Text.Replace("fabric:\n", "fabric:\n" + nodes, StringComparison.Ordinal)).Errors;

        Assert.Equal("s.yaml:1035:5: 'fabric' has 5011 items; 1024 are the most", Assert.Single(errors).ToString());
    }

    [Fact]
    public void RelativeBackingFiles_BeginAtTheScenariosFolder_AndAnOptionWins()
    {
        string folder = Directory.CreateTempSubdirectory("physr-").FullName;
        try
        {
            string[] paths = [Path.Combine(folder, "ns0.img"), Path.Combine(folder, "other.img")];
            foreach (string path in paths)
            {
                using FileStream stream = File.Create(path);
                stream.SetLength(32 << 20);
            }

            string text = Draft.Text.Replace("lba: 512", "lba: 512, backing: ns0.img", StringComparison.Ordinal);
            Assert.Equal(paths[0], BackingOf("ns0", Draft.Read(text, folder).Scenario!));
            Assert.Equal(paths[1], BackingOf("ns0", Draft.Read(text, folder, new(StringComparer.Ordinal) { ["ns0"] = paths[1] }).Scenario!));

            ScenarioError shared = Assert.Single(Draft.Read(text, folder, new(StringComparer.Ordinal) { ["ns1"] = paths[0] }).Errors);
            Assert.Equal($"--file ns1={paths[0]}: the file '{paths[0]}' backs 'ns0' already; give 'ns1' a file of its own", shared.ToString());

            using (FileStream cut = File.OpenWrite(paths[0]))
            {
                cut.SetLength((32 << 20) - 1);
            }

            ScenarioError shorter = Assert.Single(Draft.Read(text, folder).Errors);
            Assert.EndsWith("has 33554431 bytes, the namespace 'ns0' has 33554432; lengthen the file or make 'size' smaller", shorter.Message, StringComparison.Ordinal);
            Assert.Equal(22, shorter.Line);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void PagesNeedAWholeSubsection_AndStagingNeedsRoom()
    {
        string small = Draft.Text.Replace("cmb: { size: 64MiB", "cmb: { size: 1MiB", StringComparison.Ordinal);

        string[] messages = [.. Draft.Read(small).Errors.Select(static error => error.Message)];
        Assert.Equal(
            [
                "'memory': 1MiB of 'nvme1' are too little: 'out' keeps 4MiB in flight (chunk times queueDepth); enlarge the BAR or move less at once",
                "'pages': the 1MiB of 'nvme1' are less than a pagemap's sub-section of 2MiB; enlarge its BAR or go without pages",
            ],
            messages);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void DamagedText_IsToldOrRead_NeverThrown_AndAlwaysTheSame(ulong seed)
    {
        SeededRandom random = new(seed);
        byte[] original = Encoding.UTF8.GetBytes(Draft.Text);
        byte[] hostile = [.. "{}[]:,-#&*!|>'\"%@`\t\n \0?<~\\"u8, 0x80, 0xC3, 0xFF];
        for (int round = 0; round < 250; round++)
        {
            List<byte> bytes = [.. original];
            for (ulong hits = random.Below(4) + 1; hits > 0; hits--)
            {
                int at = (int)random.Below((ulong)bytes.Count);
                switch (random.Below(4))
                {
                    case 0:
                        bytes[at] = hostile[random.Below((ulong)hostile.Length)];
                        break;
                    case 1:
                        bytes.RemoveRange(at, (int)Math.Min(random.Below(40), (ulong)(bytes.Count - at)));
                        break;
                    case 2:
                        bytes.InsertRange(at, bytes.GetRange((int)random.Below((ulong)bytes.Count / 2), (int)random.Below(40)));
                        break;
                    default:
                        bytes.Insert(at, hostile[random.Below((ulong)hostile.Length)]);
                        break;
                }
            }

            byte[] damaged = [.. bytes];
            bool read = ScenarioReader.TryRead(damaged, "s.yaml", "/", null, out Scenario? scenario, out IReadOnlyList<ScenarioError> errors);
            ScenarioReader.TryRead(damaged, "s.yaml", "/", null, out _, out IReadOnlyList<ScenarioError> again);

            string context = $"seed {seed} round {round}: {Encoding.UTF8.GetString(damaged)}";
            Assert.True(read == (errors.Count == 0) && read == (scenario is not null), context);
            Assert.Equal(errors, again);
            long lines = damaged.LongCount(static b => b is (byte)'\n') + 2;
            Assert.All(errors, error => Assert.True(error.Line >= 1 && error.Line <= lines && error.Column >= 1 && !error.Message.Contains('\n', StringComparison.Ordinal), context));
        }
    }

    internal static string RepositoryRoot()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Physr.slnx")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        return root;
    }

    private static string? BackingOf(string name, Scenario scenario) =>
        scenario.Fabric.SelectMany(static node => node.Namespaces).Single(ns => ns.Name == name).BackingPath;
}
