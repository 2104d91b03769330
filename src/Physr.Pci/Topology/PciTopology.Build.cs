// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Config;
using Physr.Pci.Spec;

namespace Physr.Pci.Topology;

public sealed partial class PciTopology
{
    /// <summary>Base class and subclass of a bridge between PCI buses.</summary>
    private const uint ClassPciBridge = 0x0604;

    private const uint ClassCardBusBridge = 0x0607;

    /// <summary>Links functions to a tree.</summary>
    /// <param name="records">One per function; of two with one address the first counts.</param>
    /// <param name="diagnostics">Receives what was missing or contradictory, and what was assumed.</param>
    public static PciTopology Build(IEnumerable<PciFunctionRecord> records, ICollection<PciDiagnostic> diagnostics)
    {
        var byAddress = new SortedDictionary<PciAddress, PciFunctionRecord>();
        foreach (PciFunctionRecord record in records)
        {
            if (!byAddress.TryAdd(record.Address, record))
            {
                diagnostics.Add(new($"{record.Address}", "address", "given twice", "the first one counts"));
            }
        }

        Dictionary<PciAddress, PciAddress?> parents = FindParents(byAddress, diagnostics);
        var bridges = new SortedDictionary<string, PciHostBridge>(StringComparer.Ordinal);
        foreach (string name in byAddress.Keys.Select(a => HostBridgeName(a, byAddress, parents)).Order(StringComparer.Ordinal))
        {
            bridges.TryAdd(name, new PciHostBridge(name, bridges.Count));
        }

        var functions = byAddress.Values.Select(r => new PciFunction(r, bridges[HostBridgeName(r.Address, byAddress, parents)])).ToList();
        var topology = new PciTopology(functions, [.. bridges.Values]);
        topology.Number();
        var bridgeAddresses = parents.Values.OfType<PciAddress>().ToHashSet();
        foreach (PciFunction function in functions)
        {
            function.Upstream = parents[function.Address] is { } up ? topology._byAddress[up] : null;
            function.PhysicalFunction = function.Record.PhysicalFunction is { } physical ? topology._byAddress.GetValueOrDefault(physical) : null;
            Identify(function, bridgeAddresses.Contains(function.Address), diagnostics);
            ReadPortType(function);
            ReadAcs(function);
        }

        bool anyExtended = functions.Exists(static f => f.Config?.Length > ConfigRegister.ConventionalLength);
        foreach (PciFunction function in functions)
        {
            ReportConfig(function, anyExtended, diagnostics);
        }

        foreach (PciFunction function in functions)
        {
            for (PciFunction? at = function.Upstream; at is not null; at = at.Upstream)
            {
                function.Depth++;
            }

            if (function.Upstream is null)
            {
                function.HostBridge.Add(function);
            }
        }

        return topology;
    }

    private static void Identify(PciFunction function, bool hasChildren, ICollection<PciDiagnostic> diagnostics)
    {
        PciFunctionRecord record = function.Record;
        ConfigSpace? config = record.Config;
        function.VendorId = record.VendorId ?? config?.ReadWord(ConfigRegister.VendorId) ?? ushort.MaxValue;
        function.DeviceId = record.DeviceId ?? config?.ReadWord(ConfigRegister.DeviceId) ?? ushort.MaxValue;
        bool hasClass = config?.Has(ConfigRegister.Revision, 4) == true;
        function.ClassCode = record.ClassCode ?? (hasClass ? config!.ReadDword(ConfigRegister.Revision) >> 8 : 0xff0000);
        function.HasMemoryBar = record.Resources.Any(static r => r.IsMemoryBar);
        int type = config?.Has(ConfigRegister.HeaderType, 1) == true ? config.ReadByte(ConfigRegister.HeaderType) & 0x7f : -1;
        if (type is >= 0 and <= 2)
        {
            function.HeaderType = (PciHeaderType)type;
            return;
        }

        function.HeaderType = hasChildren || function.ClassCode >> 8 == ClassPciBridge ? PciHeaderType.Bridge
            : function.ClassCode >> 8 == ClassCardBusBridge ? PciHeaderType.CardBus
            : PciHeaderType.Endpoint;
        string problem = type < 0 ? "the header type was not read" : $"header type 0x{type:x2} does not exist";
        diagnostics.Add(new($"{function.Address}", "config", problem, $"assumed a type {(int)function.HeaderType} header by class and place"));
    }

    private static void ReadPortType(PciFunction function)
    {
        PciePortType type = PciePortType.Endpoint;
        CapabilityLookup lookup = function.Config?.FindPortType(out type) ?? CapabilityLookup.Unknown;
        function.PortType = lookup switch
        {
            CapabilityLookup.Found => type,
            CapabilityLookup.Absent => null,

            // The header alone does not tell; a bridge with a PCI Express link on a root bus can only be a root port.
            _ when function.Record.LinkSpeed is null => null,
            _ when function.HeaderType == PciHeaderType.Endpoint => PciePortType.Endpoint,
            _ => function.Upstream is null ? PciePortType.RootPort : null,
        };
    }

    private static void ReadAcs(PciFunction function)
    {
        int offset = 0;
        AcsControl control = AcsControl.None;
        CapabilityLookup lookup = function.Config?.FindAcs(out offset, out control) ?? CapabilityLookup.Unknown;
        function.AcsOffset = offset;
        function.AcsControl = control;
        function.IsAcsKnown = lookup != CapabilityLookup.Unknown;
    }

    private static void ReportConfig(PciFunction function, bool anyExtended, ICollection<PciDiagnostic> diagnostics)
    {
        if (function.Config is not { } config)
        {
            diagnostics.Add(new($"{function.Address}", "config", "not read", "no ACS redirect assumed"));
        }
        else if (config.IsUnanswered)
        {
            diagnostics.Add(new($"{function.Address}", "config", "all ones: the function did not answer (asleep, or gone)", "no ACS redirect assumed; wake it and read again"));
        }
        else if (!function.IsAcsKnown && config.Length == ConfigRegister.ConventionalLength)
        {
            string cause = anyExtended
                ? "assumed no redirect; other functions here have it, so it was cut: read it whole, as root, to know"
                : "assumed no redirect, as by a kernel that cannot reach it";
            diagnostics.Add(new($"{function.Address}", "config", "the extended configuration space of a PCI Express function is not there, so ACS is unknown", cause));
        }
        else if (!function.IsAcsKnown)
        {
            string cause = config.Length == ConfigRegister.HeaderLength
                ? "assumed no redirect; run as root to read ACS"
                : "assumed no redirect; read it whole, as root, to know";
            diagnostics.Add(new($"{function.Address}", "config", $"cut at {config.Length} of {config.FullLength} bytes, so ACS is unknown", cause));
        }

        ReportLoops(function, diagnostics);
    }

    private static void ReportLoops(PciFunction function, ICollection<PciDiagnostic> diagnostics)
    {
        const string Assumption = "what it does not reach is taken as absent, as by the kernel";
        if (function.Config?.HasStandardLoop == true)
        {
            diagnostics.Add(new($"{function.Address}", "config", "the list of capabilities is a loop", Assumption));
        }

        if (function.Config?.HasExtendedLoop == true)
        {
            diagnostics.Add(new($"{function.Address}", "config", "the list of extended capabilities is a loop", Assumption));
        }
    }
}
