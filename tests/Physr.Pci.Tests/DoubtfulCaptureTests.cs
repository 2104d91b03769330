// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Pci.Config;
using Physr.Pci.Routing;
using Physr.Pci.Sources;
using Physr.Pci.Spec;
using Physr.Pci.Tests.Infrastructure;
using Physr.Pci.Topology;

namespace Physr.Pci.Tests;

/// <summary>Captures that can be read but not believed: no verdict rests on a guess without a note that says so.</summary>
public sealed class DoubtfulCaptureTests : IDisposable
{
    private const string Port = "0000:02:00.0";
    private const string Disk = "0000:03:00.0";

    private readonly TemporaryDirectory _directory = new();
    private readonly CaptureWriter _capture;
    private readonly PciTopology _topology;

    public DoubtfulCaptureTests()
    {
        _topology = new SyntheticHost().HostDevice("0000:00:00.0").Switch(AcsControl.RequestRedirect, null).Build();
        _capture = new CaptureWriter(_directory.Path).Functions(_topology);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void AWholeCaptureHasNoNote() => Assert.Empty(Read().Diagnostics);

    [Fact]
    public void OneExpressFunctionOf256BytesIsNoted_AndItsVerdictsAreMarked()
    {
        Cut(Port, 256);
        PciSnapshot snapshot = Read();
        PciDiagnostic note = Assert.Single(snapshot.Diagnostics);
        Assert.Equal(Port, note.Subject);
        Assert.Contains("so it was cut", note.Assumption, StringComparison.Ordinal);
        P2PVerdict verdict = new P2PRouter(snapshot.Topology, snapshot.RulesFor()).Judge(Disk, "0000:04:00.0");
        Assert.Equal(P2PMapType.BusAddress, verdict.MapType);
        Assert.True(verdict.Route.IsAssumed);
        Assert.Contains(verdict.Reasons, static r => r.Kind == P2PReasonKind.AcsUnknown && r.Subject == Port);
    }

    [Fact]
    public void AllOf256BytesAreNoted_ButTheConventionalHostDevice()
    {
        foreach (PciFunction function in _topology.Functions.Where(static f => f.PortType is not null))
        {
            Cut($"{function}", 256);
        }

        PciSnapshot snapshot = Read();
        Assert.Equal(_topology.Functions.Where(static f => f.PortType is not null).Select(static f => $"{f}"), snapshot.Diagnostics.Select(static d => d.Subject));
        Assert.All(snapshot.Diagnostics, static d => Assert.Contains("cannot reach it", d.Assumption, StringComparison.Ordinal));
        Assert.DoesNotContain(snapshot.Diagnostics, static d => d.Subject == "0000:00:00.0");
    }

    [Fact]
    public void AHostThatVouchesFor256BytesIsBelieved()
    {
        Cut(Port, 256);
        _capture.Text("physr/config-sizes", $"{Port} 256\n");
        Assert.Empty(Read().Diagnostics);
    }

    [Theory]
    [InlineData("\u0001\u0002garbage\u00ff: \u0007:\n\n:::\n", true)]
    [InlineData("processor\t: 0\ncpu family\t: 25\n", true)]
    [InlineData("processor\t: 0\nvendor_id\t: \u0003\u00fe\ncpu family\t: 25\n", true)]
    [InlineData("processor\t: 0\nvendor_id\t:\n", true)]
    [InlineData("", true)]
    [InlineData("processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: many\n", true)]
    [InlineData("processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\nCPU architecture: 8\n", false)]
    [InlineData("processor\t: 0\nhart\t\t: 0\nisa\t\t: rv64imafdc\n", false)]
    [InlineData("processor\t: 0\ncpu\t\t: POWER9 (architected), altivec supported\n", false)]
    [InlineData("vendor_id       : IBM/S390\n# processors    : 2\n", false)]
    [InlineData("processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\n", false)]
    public void AProcessorThatNamesNoVendorIsNoted_UnlessItsArchitectureHasNone(string text, bool isNoted)
    {
        _capture.Text("proc/cpuinfo", text);
        PciSnapshot snapshot = Read();
        Assert.False(snapshot.Processor.IsZen);
        Assert.Equal(isNoted, snapshot.Diagnostics.Any(static d => d is { Subject: "proc", File: "cpuinfo", Assumption: "assumed no AMD Zen processor" }));
    }

    [Theory]
    [InlineData("\u0001\u0002\u0003")]
    [InlineData("Linux version many")]
    [InlineData("")]
    public void AGarbageVersionIsNotedWithTheRulesThatAreUsed(string text)
    {
        _capture.Text("proc/version", text);
        PciSnapshot snapshot = Read();
        Assert.Null(snapshot.Kernel);
        Assert.Equal(KernelRelease.Newest, snapshot.RulesFor().Release);
        Assert.Contains($"Linux {KernelRelease.Newest}", Assert.Single(snapshot.Diagnostics).Assumption, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4.0", "6.12")]
    [InlineData("99.9", "7.3")]
    [InlineData("6.12", null)]
    [InlineData("6.18", null)]
    [InlineData("7.3", null)]
    public void AReleaseOfUnknownRulesIsNotedWithTheOneThatIsUsed(string release, string? judged)
    {
        Assert.True(KernelRelease.TryParse(release, out KernelRelease parsed));
        PciSnapshot snapshot = Read();
        P2PRules rules = snapshot.RulesFor(parsed);
        PciDiagnostic[] notes = [.. snapshot.NotesFor(rules)];
        if (judged is null)
        {
            Assert.Empty(notes);
            return;
        }

        Assert.Equal(judged, $"{rules.Judged}");
        Assert.Contains($"Linux {judged}", Assert.Single(notes).Assumption, StringComparison.Ordinal);
        Assert.DoesNotContain(new P2PRouter(snapshot.Topology, rules).Judge(Disk, "0000:00:00.0").Reasons, r => r.Text.Contains(release, StringComparison.Ordinal));
    }

    [Fact]
    public void AResourceFileCutAnywhereIsNoted()
    {
        string path = $"{_capture.DirectoryOf(Disk)}/resource";
        string whole = File.ReadAllText(Path.Combine(_capture.Root, path));
        int line = whole.IndexOf('\n', StringComparison.Ordinal) + 1;
        for (int length = 0; length < 7 * line; length++)
        {
            // A cut before the line feed of the seventh line loses nothing.
            _capture.Text(path, whole[..length]);
            Assert.Equal(length != (7 * line) - 1, Read().Diagnostics.Any(static d => d is { Subject: Disk, File: "resource" }));
        }

        // A kernel without SR-IOV writes seven lines.
        _capture.Text(path, whole[..(7 * line)]);
        Assert.Empty(Read().Diagnostics);
    }

    [Theory]
    [InlineData("0xffffffffffffffff 0xffffffffffffffff 0xffffffffffffffff")]
    [InlineData("0x0000000000000000 0xffffffffffffffff 0x0000000000000200")]
    [InlineData("0x0000000000009000 0x0000000000008000 0x0000000000000200")]
    [InlineData("0xffffffffffffffff 0x0000000000000000 0x0000000000000200")]
    public void AnAbsurdBarIsNotedAndEmpty(string line)
    {
        Resource([line, .. Enumerable.Repeat("0x0 0x0 0x0", 12)]);
        PciSnapshot snapshot = Read();
        Assert.True(snapshot.Topology.TryFind(PciAddress.Parse(Disk), out PciFunction? function));
        Assert.False(function.HasMemoryBar);
        Assert.Contains("line 1", Assert.Single(snapshot.Diagnostics).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void EmptyWindowsAndUnsetBarsOfSoundKernelsAreNotNoted()
    {
        Resource([
            "0x0000000000000000 0x0000000000003fff 0x0000000020040200", "0x0000000000001000 0x0000000000000fff 0x0000000000040200",
            .. Enumerable.Repeat("0x0000000000000000 0x0000000000000000 0x0000000000000000", 6),
            "0x0000000000000000 0xffffffffffffffff 0x0000000000200200", "0x00000000fff00000 0x00000000000fffff 0x0000000000000000",
        ]);
        Assert.Empty(Read().Diagnostics);
    }

    [Fact]
    public void AResourceFileOfManyLinesIsNoted()
    {
        Resource([.. Enumerable.Repeat("0x0 0x0 0x0", 100_000)]);
        Assert.Contains("more than 64 lines", Assert.Single(Read().Diagnostics).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void CapabilityListsThatLoopAreNoted_SoundOnesAreNot()
    {
        byte[] config = Config(Disk);
        Assert.False(new ConfigSpace(config).HasStandardLoop);
        Assert.False(new ConfigSpace(CaptureWriter.Config()).HasExtendedLoop);
        int first = config[ConfigRegister.CapabilityPointer];
        config[first + 1] = (byte)first;
        _capture.Bytes($"{_capture.DirectoryOf(Disk)}/config", config);
        Assert.Contains("list of capabilities", Assert.Single(Read().Diagnostics).Problem, StringComparison.Ordinal);

        config = Config(Disk);
        (config[0x100], config[0x102], config[0x103]) = (0x01, 0x01, 0x10);
        _capture.Bytes($"{_capture.DirectoryOf(Disk)}/config", config);
        Assert.Contains("list of extended capabilities", Assert.Single(Read().Diagnostics).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void BridgesAndFunctionsWithoutMemoryAreNoEnds()
    {
        PciFunction At(string address) => _topology.Functions.Single(f => $"{f}" == address);
        Assert.True(P2PEnds.CanProvide(At(Disk), out _));
        Assert.True(P2PEnds.CanReach(At("0000:00:00.0"), out _));
        Assert.False(P2PEnds.CanProvide(At("0000:00:00.0"), out string noMemory));
        Assert.Contains("no memory BAR", noMemory, StringComparison.Ordinal);
        Assert.False(P2PEnds.CanReach(At(Port), out string bridge));
        Assert.Equal($"{Port} is a bridge (switch downstream port): verdicts are between functions with a type 0 header", bridge);
        Assert.False(P2PEnds.CanProvide(At(Port), out _));
    }

    private byte[] Config(string address) => [.. _topology.Functions.Single(f => $"{f}" == address).Config!.Span];

    private void Cut(string address, int length) => _capture.Bytes($"{_capture.DirectoryOf(address)}/config", Config(address)[..length]);

    private void Resource(string[] lines) => _capture.Text($"{_capture.DirectoryOf(Disk)}/resource", string.Join('\n', lines) + "\n");

    private PciSnapshot Read()
    {
        Assert.True(SysfsReader.TryRead(new CaptureRoot(_directory.Path), out PciSnapshot snapshot));
        return snapshot;
    }
}
