// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Config;
using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Pci.Tests;

/// <summary>Writes captures laid out like <c>/</c>, sound or broken, to a directory.</summary>
public sealed class CaptureWriter
{
    private readonly Dictionary<PciAddress, string> _directories = [];

    public CaptureWriter(string root)
    {
        Root = root;
        Directory.CreateDirectory(Path.Combine(root, "sys/bus/pci/devices"));
        Directory.CreateDirectory(Path.Combine(root, "proc"));
        Processor("GenuineIntel", "6").Version("6.12.117-test");
    }

    public string Root { get; }

    public CaptureWriter Processor(string vendor, string family) =>
        Text("proc/cpuinfo", $"processor\t: 0\nvendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: 1\n\n");

    public CaptureWriter Version(string release) => Text("proc/version", $"Linux version {release} (builder@host) #1 SMP\n");

    /// <summary>Writes every function of a tree.</summary>
    public CaptureWriter Functions(PciTopology topology, string above = "")
    {
        foreach (PciFunction function in topology.Functions.OrderBy(static f => f.Depth))
        {
            string parent = function.Upstream is { } up ? _directories[up.Address] : $"sys/devices/{above}{function.HostBridge.Name}";
            Function(function.Address, parent, function.VendorId, function.DeviceId, function.ClassCode, function.Config!.Span.ToArray());
            Resource(function.Address, [.. function.Resources]);
            if (function.Record.PhysicalFunction is { } physical)
            {
                Link($"{_directories[function.Address]}/physfn", $"../{physical}");
            }
        }

        return this;
    }

    /// <summary>Writes one function and its bus link.</summary>
    public CaptureWriter Function(PciAddress address, string parent, ushort vendor, ushort device, uint classCode, byte[]? config)
    {
        string directory = $"{parent}/{address}";
        _directories[address] = directory;
        Text($"{directory}/vendor", $"0x{vendor:x4}\n").Text($"{directory}/device", $"0x{device:x4}\n").Text($"{directory}/class", $"0x{classCode:x6}\n");
        Resource(address);
        if (config is not null)
        {
            Bytes($"{directory}/config", config);
        }

        return Link($"sys/bus/pci/devices/{address}", $"../../../{directory["sys/".Length..]}");
    }

    public CaptureWriter Resource(PciAddress address, params PciResource[] resources)
    {
        IEnumerable<string> lines = Enumerable.Range(0, 13).Select(i => resources.FirstOrDefault(r => r.Index == i && !r.Range.IsEmpty) is { Range.IsEmpty: false } r
            ? $"0x{r.Range.Start.Value:x16} 0x{r.Range.Last.Value:x16} 0x{(ulong)r.Flags:x16}"
            : "0x0000000000000000 0x0000000000000000 0x0000000000000000");
        return Text($"{_directories[address]}/resource", string.Join('\n', lines) + "\n");
    }

    public string DirectoryOf(string address) => _directories[PciAddress.Parse(address)];

    public CaptureWriter Text(string path, string text) => Bytes(path, System.Text.Encoding.UTF8.GetBytes(text));

    public CaptureWriter Bytes(string path, byte[] bytes)
    {
        string absolute = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(absolute)!);
        File.WriteAllBytes(absolute, bytes);
        return this;
    }

    public CaptureWriter Link(string path, string target)
    {
        string absolute = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(absolute)!);
        File.Delete(absolute);
        File.CreateSymbolicLink(absolute, target);
        return this;
    }

    /// <summary>A plausible configuration space, for tests that only need one.</summary>
    public static byte[] Config(PciHeaderType header = PciHeaderType.Endpoint) =>
        new ConfigSpaceBuilder(header, 0x1b36, 0x0010, 0x010802).Express(PciePortType.Endpoint, 3, 4).Acs((AcsControl)0x7f).Build().Span.ToArray();
}
