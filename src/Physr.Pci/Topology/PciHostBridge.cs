// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Spec;

namespace Physr.Pci.Topology;

/// <summary>A host bridge: the root of one PCI hierarchy, <c>pciDDDD:BB</c> in sysfs.</summary>
public sealed class PciHostBridge
{
    private readonly List<PciFunction> _rootFunctions = [];

    internal PciHostBridge(string name, int index)
    {
        Name = name;
        Index = index;
    }

    /// <summary>Its name, <c>pci0000:00</c>.</summary>
    public string Name { get; }

    /// <summary>Its place in <see cref="PciTopology.HostBridges"/>.</summary>
    public int Index { get; }

    /// <summary>The functions of the root bus in the order in which the bus is scanned; virtual functions come last, as they are made last.</summary>
    public IReadOnlyList<PciFunction> RootFunctions => _rootFunctions;

    /// <summary>The first function of the root bus: the only one that can stand for the host bridge.</summary>
    public PciFunction? First => _rootFunctions.Count != 0 ? _rootFunctions[0] : null;

    /// <summary>The function whose ids stand for this host bridge: <see cref="First"/> if it is 00.0 (of any class) or a root port; else null (row R51c).</summary>
    public PciFunction? Representative =>
        First is { } first && (first.Address.DeviceFunction == 0 || first.PortType == PciePortType.RootPort) ? first : null;

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    internal void Add(PciFunction function)
    {
        _rootFunctions.Add(function);
        _rootFunctions.Sort(static (a, b) =>
        {
            int byKind = a.IsVirtualFunction.CompareTo(b.IsVirtualFunction);
            return byKind != 0 ? byKind : a.Address.CompareTo(b.Address);
        });
    }

    internal void Remove(PciFunction function) => _rootFunctions.Remove(function);
}
