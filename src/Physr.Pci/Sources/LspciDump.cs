// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using System.Runtime.InteropServices;
using Physr.Pci.Config;
using Physr.Pci.Spec;
using Physr.Pci.Topology;

namespace Physr.Pci.Sources;

/// <summary>Reads what <c>lspci -xxxx</c> (or <c>-x</c>, <c>-xxx</c>) printed: configuration space in hexadecimal, nothing else.</summary>
/// <remarks>The tree follows from the bridges' bus numbers. A dump knows no sizes of BARs, no virtual functions' owners, no processor and no kernel
/// release; each is named or assumed as the diagnostics say.</remarks>
public static class LspciDump
{
    private const int LineLimit = 1 << 20;

    /// <summary>A BAR's size is not in a dump; the least a memory BAR can decode stands for it.</summary>
    private const ulong LeastMemoryBar = 16;

    /// <summary>Reads a dump.</summary>
    /// <param name="text">What was printed; lines that are neither a function's heading nor bytes are skipped.</param>
    /// <param name="snapshot">The tree and what was assumed.</param>
    /// <returns>False where no function was found.</returns>
    public static bool TryRead(TextReader text, out PciSnapshot snapshot)
    {
        var diagnostics = new List<PciDiagnostic>();
        var bytes = new SortedDictionary<PciAddress, List<byte>>();
        List<byte>? current = null;
        int lines = 0;
        for (string? line = text.ReadLine(); line is not null && lines < LineLimit; line = text.ReadLine(), lines++)
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space > 0 && PciAddress.TryParse(line.AsSpan(0, space), out PciAddress address))
            {
                current = [];
                bytes.TryAdd(address, current);
            }
            else if (current is not null)
            {
                AddBytes(line, current);
            }
        }

        var records = bytes.Where(static b => b.Value.Count != 0).Select(static b => Record(b.Key, b.Value)).ToList();
        PciTopology topology = PciTopology.Build(records, diagnostics);
        diagnostics.Add(new("lspci", "dump", "it names neither processor nor kernel nor sizes of BARs", "assumed no AMD Zen processor and the newest rules"));
        foreach (PciFunction function in topology.Functions.Where(static f => f.VendorId == ushort.MaxValue))
        {
            diagnostics.Add(new($"{function}", "dump", "a virtual function whose owner is not named", "placed by its own bus number"));
        }

        snapshot = new(topology, ProcessorIdentity.Unknown, null, diagnostics);
        return records.Count != 0;
    }

    private static void AddBytes(string line, List<byte> bytes)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        bool isNext = colon is 2 or 3 && int.TryParse(line.AsSpan(0, colon), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int offset)
            && offset == bytes.Count && offset < ConfigRegister.ExtendedLength;
        if (!isNext)
        {
            return;
        }

        foreach (string part in line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(16))
        {
            if (part.Length != 2 || !byte.TryParse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            {
                return;
            }

            bytes.Add(value);
        }
    }

    private static PciFunctionRecord Record(PciAddress address, List<byte> bytes)
    {
        var config = new ConfigSpace(CollectionsMarshal.AsSpan(bytes));
        var resources = new List<PciResource>();
        for (int i = 0; BaseAddress.TryDecode(config, i, out BaseAddress bar); i += bar.Registers)
        {
            if (bar.Kind != BarKind.Io && bar.Address != 0 && PhysicalRange.TryCreate(new PhysicalAddress(bar.Address), LeastMemoryBar, out PhysicalRange range))
            {
                resources.Add(new(i, range, PciResourceFlags.Memory | (bar.IsPrefetchable ? PciResourceFlags.Prefetchable : PciResourceFlags.None)));
            }
        }

        return new() { Address = address, IsPlaceKnown = false, Config = config, Resources = resources };
    }
}
