// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.CommandLine;
using System.Text.Json;
using Physr.Memory;

namespace Physr.Cli.Tests;

public sealed class MemmapCommandTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("physr-memmap-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void TheTreeIsPrintedAsTheKernelDoes_WithThreeColumnsBeside()
    {
        WriteIomem("00001000-00100fff : System RAM\n  00002000-00002fff : Kernel code\nfe000000-fe7fffff : PCI Bus 0000:00\n  fe400000-fe403fff : 0000:03:00.0\n    fe400000-fe403fff : nvme\n");
        (int code, string output, string error) = Run("--root", _root);
        Assert.Equal(0, code);
        Assert.Empty(error);
        string[] lines = output.Split('\n');
        Assert.Equal("RANGE                                PROVIDER      TYPE       DESCRIPTORS", lines[0]);
        Assert.Equal("00001000-00100fff : System RAM                     RAM             16 KiB", lines[1]);
        Assert.Equal("  00002000-00002fff : Kernel code", lines[2]);
        Assert.Equal("  fe400000-fe403fff : 0000:03:00.0   0000:03:00.0  page-less          0 B", lines[4]);
        Assert.Equal("    fe400000-fe403fff : nvme", lines[5]);
        Assert.Contains("1 MiB of RAM, 16 KiB in 1 apertures; page descriptors take 16 KiB.", output, StringComparison.Ordinal);
    }

    [Fact]
    public void JsonIsOneObject()
    {
        WriteIomem("00001000-00100fff : System RAM\nfe400000-fe403fff : 0000:03:00.0\nbad line\n");
        (int code, string output, _) = Run("--root", _root, "--output", "json");
        Assert.Equal(0, code);
        using JsonDocument document = JsonDocument.Parse(output);
        JsonElement ranges = document.RootElement.GetProperty("ranges");
        Assert.Equal(2, ranges.GetArrayLength());
        Assert.Equal("0x100fff", ranges[0].GetProperty("end").GetString());
        Assert.Equal(16384, ranges[0].GetProperty("descriptorBytes").GetInt64());
        Assert.Equal("0000:03:00.0", ranges[1].GetProperty("provider").GetString());
        Assert.Contains("line 3", document.RootElement.GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void HiddenAddressesAreSaidPlainly_AndSysfsSpeaksInstead()
    {
        WriteIomem("00000000-00000000 : System RAM\n00000000-00000000 : PCI Bus 0000:00\n");
        string device = Directory.CreateDirectory(Path.Combine(_root, "sys/devices/pci0000:00/0000:00:03.0")).FullName;
        Directory.CreateDirectory(Path.Combine(_root, "sys/bus/pci/devices"));
        File.CreateSymbolicLink(Path.Combine(_root, "sys/bus/pci/devices/0000:00:03.0"), "../../../devices/pci0000:00/0000:00:03.0");
        File.WriteAllText(Path.Combine(device, "vendor"), "0x1af4\n");
        File.WriteAllText(Path.Combine(device, "device"), "0x1041\n");
        File.WriteAllText(Path.Combine(device, "class"), "0x020000\n");
        File.WriteAllText(Path.Combine(device, "resource"), "0x000000000000e000 0x000000000000e0ff 0x0000000000000101\n0x0000004000000000 0x000000400007ffff 0x0000000000140204\n");
        (int code, string output, _) = Run("--root", _root);
        Assert.Equal(0, code);
        Assert.Contains("4000000000-400007ffff : 0000:00:03.0  0000:00:03.0 BAR 1  page-less          0 B", output, StringComparison.Ordinal);
        Assert.Contains("to root only", output, StringComparison.Ordinal);
        Assert.Contains("RAM not known", output, StringComparison.Ordinal);
        Assert.DoesNotContain("e000-", output, StringComparison.Ordinal);
    }

    [Fact]
    public void AScenarioShowsItsPagemaps()
    {
        Func<string, MemoryMap> load = path =>
        {
            Assert.Equal("host.yaml", path);
            MemoryMap map = new();
            map.AddRam(new(default, 64UL << 20), out _);
            PhysicalRange bar = new(new(0x40_0000_0000), 64UL << 20);
            map.Resources.Insert("nvme1", bar, ResourceFlags.Memory, ResourceDescriptor.None, out _, out _);
            map.RegisterProvider("nvme1", null, 4, bar, new(0), out _);
            map.RegisterProvider("gpu0", null, 1, new(new(0x80_0000_0000), 1UL << 30), new(0), out _);
            Pagemap pagemap = new() { Type = MemoryType.PciP2P };
            pagemap.Ranges.Add(bar);
            Assert.Equal(Errno.None, map.Register(pagemap));
            return map;
        };
        (int code, string output, _) = Run(load, "host.yaml");
        Assert.Equal(0, code);
        Assert.Contains("4000000000-4003ffffff : nvme1   nvme1 BAR 4  PciP2P           1 MiB", output, StringComparison.Ordinal);
        Assert.Contains("8000000000-803fffffff : gpu0    gpu0 BAR 1   page-less          0 B", output, StringComparison.Ordinal);
    }

    [Fact]
    public void BadInputIsOneMessageAndExitCode2()
    {
        foreach (string[] arguments in new[] { new[] { "--root", Path.Combine(_root, "missing") }, ["--root", _root], ["no.yaml"] })
        {
            (int code, string output, string error) = Run(_ => throw new PhysrException("no.yaml:1:1: there is no such file"), arguments);
            Assert.Equal(2, code);
            Assert.Empty(output);
            Assert.StartsWith("physr memmap: ", error, StringComparison.Ordinal);
            Assert.Single(error.TrimEnd().Split('\n'));
        }

        Assert.NotEqual(0, Run("--root", _root, "host.yaml").Code);
    }

    [Fact]
    public void GarbageInACaptureNeverThrows()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            byte[] garbage = new byte[2000];
            new Random(seed).NextBytes(garbage);
            Directory.CreateDirectory(Path.Combine(_root, "proc"));
            File.WriteAllBytes(Path.Combine(_root, "proc/iomem"), garbage);
            (int code, string output, _) = Run("--root", _root);
            Assert.Equal(0, code);
            Assert.DoesNotContain('\u001b', output);
        }
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments) => Run(null, arguments);

    private static (int Code, string Output, string Error) Run(Func<string, MemoryMap>? load, params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        RootCommand root = [MemmapCommand.Create(load)];
        int code = root.Parse(["memmap", .. arguments]).Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }

    private void WriteIomem(string text)
    {
        Directory.CreateDirectory(Path.Combine(_root, "proc"));
        File.WriteAllText(Path.Combine(_root, "proc/iomem"), text);
    }
}
