// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using System.Text;
using Physr.Pci.Config;
using Physr.Pci.Routing;
using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Pci.Sources;

/// <summary>Reads the PCI tree of the live host, or of a capture laid out like <c>/</c>. Needs no root for what can be known without it.</summary>
public static class SysfsReader
{
    /// <summary>Where a capture says how large each <c>config</c> really was, when it could not be read whole.</summary>
    internal const string ConfigSizesFile = "physr/config-sizes";

    private const int ConfigSizesLimit = 1 << 20;
    private const int CpuInfoLimit = 1 << 16;
    private const int ResourceLimit = 1 << 14;
    private const int VersionLimit = 1 << 12;

    /// <summary>Reads everything.</summary>
    /// <param name="root">The host's root or a capture's.</param>
    /// <param name="snapshot">The tree, the processor, the kernel's release and what was wrong.</param>
    /// <returns>False where there is no PCI function at all.</returns>
    public static bool TryRead(CaptureRoot root, out PciSnapshot snapshot)
    {
        var diagnostics = new List<PciDiagnostic>();
        SortedDictionary<PciAddress, string> directories = SysfsTree.Find(root, diagnostics);
        Dictionary<PciAddress, int> sizes = ReadConfigSizes(root);
        var records = new List<PciFunctionRecord>(directories.Count);
        foreach ((PciAddress address, string directory) in directories)
        {
            records.Add(ReadFunction(root, address, directory, sizes, diagnostics));
        }

        PciTopology topology = PciTopology.Build(records, diagnostics);
        snapshot = new(topology, ReadProcessor(root, diagnostics), ReadKernel(root, diagnostics), diagnostics);
        return topology.Functions.Count != 0;
    }

    /// <summary>Why <see cref="TryRead"/> found nothing: a sentence without a full stop.</summary>
    /// <param name="root">The root that was read.</param>
    public static string DescribeAbsence(CaptureRoot root) => root.FindDenied(SysfsTree.BusDirectory) is { } denied
        ? $"'{denied}' cannot be read: permission denied"
        : $"'{root.Directory}' has no PCI functions below {SysfsTree.BusDirectory} or {SysfsTree.DevicesDirectory}; a capture is laid out like /";

    private static PciFunctionRecord ReadFunction(
        CaptureRoot root, PciAddress address, string directory, Dictionary<PciAddress, int> sizes, List<PciDiagnostic> diagnostics)
    {
        (PciAddress? parent, string? hostBridge) = Place(directory);
        string? speed = root.ReadText($"{directory}/current_link_speed");
        _ = int.TryParse(root.ReadText($"{directory}/current_link_width"), NumberStyles.None, CultureInfo.InvariantCulture, out int width);
        bool hasNode = int.TryParse(root.ReadText($"{directory}/numa_node"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int node);
        return new PciFunctionRecord
        {
            Address = address,
            Parent = parent,
            HostBridge = hostBridge,
            IsPlaceKnown = hostBridge is not null || parent is not null,
            PhysicalFunction = ReadPhysicalFunction(root, address, directory, diagnostics),
            VendorId = (ushort?)ReadHex(root, directory, "vendor", ushort.MaxValue, diagnostics),
            DeviceId = (ushort?)ReadHex(root, directory, "device", ushort.MaxValue, diagnostics),
            ClassCode = ReadHex(root, directory, "class", 0xff_ffff, diagnostics),
            SubsystemVendorId = (ushort)(ReadHex(root, directory, "subsystem_vendor", ushort.MaxValue, null) ?? 0),
            SubsystemId = (ushort)(ReadHex(root, directory, "subsystem_device", ushort.MaxValue, null) ?? 0),
            Config = ReadConfig(root, address, directory, sizes),
            Resources = ReadResources(root, address, directory, diagnostics),
            NumaNode = hasNode ? node : -1,
            LinkSpeed = speed is null or "" or "Unknown" ? null : SysfsTree.Printable(speed),
            LinkWidth = width,
            IommuGroup = int.TryParse(LastPart(root.ReadLink($"{directory}/iommu_group")), NumberStyles.None, CultureInfo.InvariantCulture, out int group)
                ? group
                : null,
        };
    }

    /// <summary>The bridge above and the host bridge, by the names of the directories above.</summary>
    private static (PciAddress? Parent, string? HostBridge) Place(string directory)
    {
        string[] parts = directory.Split('/');
        PciAddress? parent = parts.Length > 1 && SysfsTree.TryName(parts[^2], out PciAddress above) ? above : null;
        string? hostBridge = parts[..^1].LastOrDefault(SysfsTree.IsHostBridge);
        return (parent, hostBridge);
    }

    private static PciAddress? ReadPhysicalFunction(CaptureRoot root, PciAddress address, string directory, List<PciDiagnostic> diagnostics)
    {
        if (root.ReadLink($"{directory}/physfn") is not { } target)
        {
            return null;
        }

        if (SysfsTree.TryName(LastPart(target), out PciAddress physical) && physical != address)
        {
            return physical;
        }

        diagnostics.Add(new($"{address}", "physfn", "the link names no other PCI function", "judged as a physical function"));
        return null;
    }

    private static uint? ReadHex(CaptureRoot root, string directory, string file, uint most, List<PciDiagnostic>? diagnostics)
    {
        string subject = LastPart(directory);
        if (root.ReadText($"{directory}/{file}") is not { } text)
        {
            diagnostics?.Add(new(subject, file, "not there or not readable", "taken from config"));
            return null;
        }

        ReadOnlySpan<char> digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        if (uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint value) && value <= most)
        {
            return value;
        }

        diagnostics?.Add(new(subject, file, $"'{SysfsTree.Printable(text)}' is no such number", "taken from config"));
        return null;
    }

    private static ConfigSpace? ReadConfig(CaptureRoot root, PciAddress address, string directory, Dictionary<PciAddress, int> sizes)
    {
        if (!root.TryRead($"{directory}/config", ConfigRegister.ExtendedLength, out byte[] bytes, out long size, out _))
        {
            return null;
        }

        // Only a live sysfs tells how much the kernel can reach; a copy's size is what was copied.
        bool isTrueSize = root.IsLive || size > bytes.Length;
        int full = sizes.TryGetValue(address, out int noted) ? noted : isTrueSize ? (int)Math.Min(size, ConfigRegister.ExtendedLength) : 0;
        return new ConfigSpace(bytes, full);
    }

    private static IReadOnlyList<PciResource> ReadResources(CaptureRoot root, PciAddress address, string directory, List<PciDiagnostic> diagnostics)
    {
        if (root.TryRead($"{directory}/resource", ResourceLimit, out byte[] bytes, out _, out string problem))
        {
            return ResourceFile.Parse(Encoding.ASCII.GetString(bytes), $"{address}", diagnostics);
        }

        diagnostics.Add(new($"{address}", "resource", problem, "assumed to have no memory BAR"));
        return [];
    }

    private static ProcessorIdentity ReadProcessor(CaptureRoot root, List<PciDiagnostic> diagnostics)
    {
        bool readable = root.TryRead("proc/cpuinfo", CpuInfoLimit, out byte[] bytes, out _, out string problem);
        ProcessorIdentity processor = readable ? ProcessorIdentity.Parse(Encoding.UTF8.GetString(bytes)) : ProcessorIdentity.Unknown;
        string note = readable ? processor.Note : problem;
        if (note.Length != 0)
        {
            diagnostics.Add(new("proc", "cpuinfo", note, "assumed no AMD Zen processor"));
        }

        return processor;
    }

    private static KernelRelease? ReadKernel(CaptureRoot root, List<PciDiagnostic> diagnostics)
    {
        const string Prefix = "Linux version ";
        bool readable = root.TryRead("proc/version", VersionLimit, out byte[] bytes, out _, out string problem);
        string text = Encoding.UTF8.GetString(bytes);
        if (readable && text.StartsWith(Prefix, StringComparison.Ordinal) && KernelRelease.TryParse(text.AsSpan(Prefix.Length), out KernelRelease release))
        {
            return release;
        }

        string note = readable ? "it names no release of Linux" : problem;
        diagnostics.Add(new("proc", "version", note, $"judged by the rules of Linux {KernelRelease.Newest} unless a release is chosen"));
        return null;
    }

    private static Dictionary<PciAddress, int> ReadConfigSizes(CaptureRoot root)
    {
        var sizes = new Dictionary<PciAddress, int>();
        foreach (string line in (root.ReadText(ConfigSizesFile, ConfigSizesLimit) ?? "").Split('\n'))
        {
            string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            bool isSize = parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int size)
                && size is ConfigRegister.ConventionalLength or ConfigRegister.ExtendedLength;
            if (isSize && PciAddress.TryParse(parts[0], out PciAddress address))
            {
                sizes[address] = int.Parse(parts[1], CultureInfo.InvariantCulture);
            }
        }

        return sizes;
    }

    private static string LastPart(string? path) => path is null ? "" : path[(path.LastIndexOf('/') + 1)..];
}
