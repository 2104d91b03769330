// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Topology;

namespace Physr.Pci.Sources;

/// <summary>Finds the directories of PCI functions in a sysfs tree, by <c>bus/pci/devices</c> and, where that is missing or broken, by
/// walking <c>sys/devices</c>.</summary>
internal static class SysfsTree
{
    internal const string BusDirectory = "sys/bus/pci/devices";
    internal const string DevicesDirectory = "sys/devices";

    /// <summary>Deeper than any real hierarchy: 256 buses and what is above them.</summary>
    private const int DepthLimit = 300;

    /// <summary>Address to directory (relative to the root, without links), every bridge on the way included.</summary>
    internal static SortedDictionary<PciAddress, string> Find(CaptureRoot root, ICollection<PciDiagnostic> diagnostics)
    {
        var found = new SortedDictionary<PciAddress, string>();
        var flat = new SortedDictionary<PciAddress, string>();
        bool isWhole = true;
        IReadOnlyList<string> names = root.List(BusDirectory);
        foreach (string name in names)
        {
            if (!TryName(name, out PciAddress address))
            {
                diagnostics.Add(new(BusDirectory, Printable(name), "the name is no PCI address", "ignored"));
                continue;
            }

            if (!root.TryResolve($"{BusDirectory}/{name}", out string directory, out string problem))
            {
                diagnostics.Add(new(name, "link in bus/pci/devices", problem, "looked for below sys/devices instead"));
                isWhole = false;
                continue;
            }

            if (!root.IsDirectory(directory))
            {
                diagnostics.Add(new(name, "link in bus/pci/devices", "it leads to no directory", "looked for below sys/devices instead"));
                isWhole = false;
                continue;
            }

            if (!string.Equals(directory[(directory.LastIndexOf('/') + 1)..], name, StringComparison.Ordinal))
            {
                diagnostics.Add(new(name, "link in bus/pci/devices", $"it leads to {Printable(directory)}", "looked for below sys/devices instead"));
                isWhole = false;
                continue;
            }

            if (!directory.StartsWith($"{DevicesDirectory}/", StringComparison.Ordinal))
            {
                // A copy that followed the links: the place in the tree is lost here, but sys/devices may still have it.
                flat[address] = directory;
                isWhole = false;
                continue;
            }

            found[address] = directory;
            AddBridges(directory, found);
        }

        if (names.Count == 0 && root.IsDirectory(DevicesDirectory))
        {
            diagnostics.Add(new("sys/bus/pci/devices", "directory", "missing or empty", "functions are looked for below sys/devices"));
            isWhole = false;
        }

        if (!isWhole)
        {
            Walk(root, DevicesDirectory, 0, found);
        }

        foreach ((PciAddress address, string directory) in flat)
        {
            if (found.TryAdd(address, directory))
            {
                diagnostics.Add(new($"{address}", "link in bus/pci/devices", "a directory, not a link", "its place was found by the bridges' bus numbers"));
            }
        }

        return found;
    }

    /// <summary>Whether a directory name is a function's, exactly as the kernel writes it.</summary>
    internal static bool TryName(string name, out PciAddress address) =>
        PciAddress.TryParse(name, out address) && string.Equals(address.ToString(), name, StringComparison.Ordinal);

    /// <summary>Whether a directory name is a host bridge's: <c>pciDDDD:BB</c>.</summary>
    internal static bool IsHostBridge(string name) =>
        name.StartsWith("pci", StringComparison.Ordinal) && TryName($"{name[3..]}:00.0", out _);

    /// <summary>A name of a hostile capture, made fit for a terminal.</summary>
    internal static string Printable(string text) =>
        new(text.Take(80).Select(static c => char.IsControl(c) ? '?' : c).ToArray());

    private static void AddBridges(string directory, SortedDictionary<PciAddress, string> found)
    {
        for (int end = directory.LastIndexOf('/'); end > 0; end = directory.LastIndexOf('/', end - 1))
        {
            string above = directory[..end];
            string name = above[(above.LastIndexOf('/') + 1)..];
            if (IsHostBridge(name) || !TryName(name, out PciAddress address) || !found.TryAdd(address, above))
            {
                return;
            }
        }
    }

    private static void Walk(CaptureRoot root, string directory, int depth, SortedDictionary<PciAddress, string> found)
    {
        if (depth > DepthLimit)
        {
            return;
        }

        foreach (string name in root.List(directory))
        {
            string path = $"{directory}/{name}";
            if (root.IsDirectory(path))
            {
                if (TryName(name, out PciAddress address))
                {
                    found.TryAdd(address, path);
                }

                Walk(root, path, depth + 1, found);
            }
        }
    }
}
