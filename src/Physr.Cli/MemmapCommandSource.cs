// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Memory;
using Physr.Pci.Sources;
using Physr.Pci.Topology;

namespace Physr.Cli;

/// <summary>The memory to print, and what could not be learned of it.</summary>
/// <param name="Map">The memory.</param>
/// <param name="Notes">What is missing or odd, one sentence each.</param>
/// <param name="AddressesHidden">Whether the kernel kept its addresses to itself.</param>
internal sealed record MemmapCommandSource(MemoryMap Map, IReadOnlyList<string> Notes, bool AddressesHidden)
{
    private const int IomemLimit = 16 << 20;

    internal static bool TryRead(string directory, out MemmapCommandSource source, out string problem)
    {
        source = null!;
        problem = File.Exists(directory) ? $"'{directory}' is a file; a tar file must be unpacked first" : $"there is no directory '{directory}'";
        if (!Directory.Exists(directory))
        {
            return false;
        }

        CaptureRoot root = new(directory);
        List<string> notes = [];
        bool hasText = root.TryRead("proc/iomem", IomemLimit, out byte[] bytes, out _, out string unreadable);
        bool hasPci = SysfsReader.TryRead(root, out PciSnapshot snapshot);
        if (!hasText && !hasPci)
        {
            problem = root.FindDenied("proc") is { } denied
                ? $"'{denied}' cannot be read: permission denied"
                : $"'{directory}' has neither proc/iomem ({unreadable}) nor PCI functions below sys; a capture is laid out like /";
            return false;
        }

        IomemText text = IomemText.Parse(hasText ? Encoding.UTF8.GetString(bytes) : "");
        notes.AddRange(text.Problems.Select(line => $"proc/iomem {line}"));
        List<(PciFunction Function, PciResource Bar)> bars = hasPci ? [.. MemoryBars(snapshot)] : [];
        ResourceTree tree;
        if (hasText && !text.AddressesHidden)
        {
            tree = text.ToTree(out IReadOnlyList<string> misfits);
            notes.AddRange(misfits.Select(line => $"proc/iomem {line}"));
        }
        else
        {
            notes.Add(hasText
                ? "The kernel shows the addresses of /proc/iomem to root only: all of them read as zero. What follows are the PCI BARs that sysfs shows to everybody; RAM is missing."
                : $"proc/iomem cannot be read ({unreadable}): what follows are the PCI BARs of sysfs; RAM is missing.");
            tree = new();
            foreach ((PciFunction function, PciResource bar) in bars)
            {
                if (tree.Insert($"{function.Address}", bar.Range, ResourceFlags.Memory, ResourceDescriptor.None, out _, out Resource? conflict) != Errno.None)
                {
                    notes.Add($"{function.Address} BAR {bar.Index} {bar.Range} overlaps {conflict}");
                }
            }
        }

        MemoryMap map = new(tree);
        RegisterProviders(map, bars, notes);
        source = new(map, notes, text.AddressesHidden);
        return true;
    }

    private static IEnumerable<(PciFunction Function, PciResource Bar)> MemoryBars(PciSnapshot snapshot) =>
        from function in snapshot.Topology.Functions
        from bar in function.Resources
        where bar.IsMemoryBar && bar.IsAssigned
        select (function, bar);

    private static void RegisterProviders(MemoryMap map, List<(PciFunction Function, PciResource Bar)> bars, List<string> notes)
    {
        HashSet<string> known = new(StringComparer.Ordinal);
        foreach ((PciFunction function, PciResource bar) in bars)
        {
            known.Add($"{function.Address}");
            Register($"{function.Address}", bar.Index, bar.Range);
        }

        // Where sysfs is missing, the name of a line says which function it belongs to, though not which BAR.
        foreach (Resource resource in map.Resources.Walk().Select(entry => entry.Resource).ToList())
        {
            if (WellKnownResource.IsPciFunction(resource.Name) && !known.Contains(resource.Name))
            {
                Register(resource.Name, -1, resource.Range);
            }
        }

        void Register(string owner, int bar, PhysicalRange range)
        {
            Errno errno = map.RegisterProvider(owner, null, bar, range, new(range.Start.Value), out _);
            if (errno != Errno.None)
            {
                notes.Add($"{owner}{(bar >= 0 ? $" BAR {bar}" : "")} {range} cannot be a provider ({errno}): it overlaps RAM or another BAR");
            }
        }
    }
}
