// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Formats.Tar;
using System.Globalization;
using System.Text;
using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Pci.Sources;

/// <summary>Writes a capture: a tar archive of the part of <c>/</c> that verdicts are made of, readable by <see cref="SysfsReader"/> once unpacked.</summary>
/// <remarks>Links are written anew, relative and inside the capture; nothing is copied from a link's far side but the function's own directory.</remarks>
public static class CaptureArchive
{
    private const int TextLimit = 1 << 14;
    private const int ProcLimit = 1 << 22;

    private static readonly string[] FunctionFiles =
    [
        "vendor", "device", "class", "revision", "subsystem_vendor", "subsystem_device", "resource", "numa_node",
        "current_link_speed", "current_link_width",
    ];

    private static readonly string[] Required = ["vendor", "device", "class", "resource"];

    private static readonly string[] ProcFiles = ["proc/cpuinfo", "proc/version", "proc/iomem"];

    /// <summary>Writes the archive.</summary>
    /// <param name="root">The live host's root, or another capture's.</param>
    /// <param name="target">Receives the archive.</param>
    /// <param name="summary">What it holds.</param>
    /// <param name="cancel">Asked between functions.</param>
    /// <returns>False where there is no PCI function; nothing useful was written then.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; the archive is not complete.</exception>
    /// <exception cref="IOException">The target could not be written.</exception>
    public static bool TryWrite(CaptureRoot root, Stream target, out CaptureSummary summary, CancellationToken cancel = default)
    {
        var diagnostics = new List<PciDiagnostic>();
        SortedDictionary<PciAddress, string> directories = SysfsTree.Find(root, diagnostics);
        var truncated = new List<string>();
        var missing = diagnostics.Select(static d => d.ToString()).ToList();
        var sizes = new StringBuilder();
        using (var tar = new TarWriter(target, TarEntryFormat.Pax, leaveOpen: true))
        {
            var made = new HashSet<string>(StringComparer.Ordinal);
            AddDirectory(tar, SysfsTree.BusDirectory, made);
            foreach ((PciAddress address, string directory) in directories)
            {
                cancel.ThrowIfCancellationRequested();
                AddDirectory(tar, directory, made);
                AddFunction(tar, root, address, directory, missing);
                AddConfig(tar, root, address, directory, sizes, truncated, missing);
            }

            AddDirectory(tar, "proc", made);
            foreach (string file in ProcFiles)
            {
                AddCopy(tar, root, file, ProcLimit, missing);
            }

            sizes.Append(root.ReadText(SysfsReader.ConfigSizesFile, ProcLimit));
            if (sizes.Length != 0)
            {
                AddDirectory(tar, "physr", made);
                AddFile(tar, SysfsReader.ConfigSizesFile, Encoding.ASCII.GetBytes(sizes.ToString()));
            }
        }

        summary = new(directories.Count, truncated, missing);
        return directories.Count != 0;
    }

    private static void AddFunction(TarWriter tar, CaptureRoot root, PciAddress address, string directory, List<string> missing)
    {
        foreach (string file in FunctionFiles)
        {
            AddCopy(tar, root, $"{directory}/{file}", TextLimit, Required.Contains(file, StringComparer.Ordinal) ? missing : null);
        }

        if (directory.StartsWith("sys/devices/", StringComparison.Ordinal))
        {
            AddLink(tar, $"{SysfsTree.BusDirectory}/{address}", $"../../../{directory["sys/".Length..]}");
        }

        string physical = LastPart(root.ReadLink($"{directory}/physfn"));
        if (SysfsTree.TryName(physical, out _))
        {
            AddLink(tar, $"{directory}/physfn", $"../{physical}");
        }

        string group = LastPart(root.ReadLink($"{directory}/iommu_group"));
        if (int.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            string up = string.Concat(Enumerable.Repeat("../", directory.Count(static c => c == '/')));
            AddLink(tar, $"{directory}/iommu_group", $"{up}kernel/iommu_groups/{group}");
        }
    }

    private static void AddConfig(
        TarWriter tar, CaptureRoot root, PciAddress address, string directory, StringBuilder sizes, List<string> truncated, List<string> missing)
    {
        if (!root.TryRead($"{directory}/config", ConfigRegister.ExtendedLength, out byte[] bytes, out long size, out string problem))
        {
            missing.Add($"{address}: config: {problem}");
            return;
        }

        AddFile(tar, $"{directory}/config", bytes);
        // A whole 256 bytes of a live host are its kernel's word that there is no more; a reader could not tell them from a cut.
        bool isShort = bytes.Length < size || (root.IsLive && size == ConfigRegister.ConventionalLength);
        if (isShort && size is (ConfigRegister.ConventionalLength or ConfigRegister.ExtendedLength))
        {
            sizes.Append(CultureInfo.InvariantCulture, $"{address} {size}\n");
            if (size == ConfigRegister.ExtendedLength)
            {
                truncated.Add($"{address}: {bytes.Length} of {size} bytes");
            }
        }
    }

    private static void AddCopy(TarWriter tar, CaptureRoot root, string path, int limit, List<string>? missing)
    {
        if (root.TryRead(path, limit, out byte[] bytes, out _, out string problem))
        {
            AddFile(tar, path, bytes);
        }
        else
        {
            missing?.Add($"{path}: {problem}");
        }
    }

    private static void AddDirectory(TarWriter tar, string path, HashSet<string> made)
    {
        for (int end = path.IndexOf('/'); ; end = path.IndexOf('/', end + 1))
        {
            string part = end < 0 ? path : path[..end];
            if (made.Add(part))
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, $"{part}/") { Mode = (UnixFileMode)0b111_101_101 });
            }

            if (end < 0)
            {
                return;
            }
        }
    }

    private static void AddFile(TarWriter tar, string path, byte[] bytes)
    {
        using var content = new MemoryStream(bytes);
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path) { Mode = (UnixFileMode)0b110_100_100, DataStream = content });
    }

    private static void AddLink(TarWriter tar, string path, string target) =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, path) { LinkName = target });

    private static string LastPart(string? path) => path is null ? "" : path[(path.LastIndexOf('/') + 1)..];
}
