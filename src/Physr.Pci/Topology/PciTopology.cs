// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;
using Physr.Pci.Spec;

namespace Physr.Pci.Topology;

/// <summary>The tree of PCI functions of one host, whatever it was read from.</summary>
/// <remarks>Not synchronised: whoever changes it (<see cref="SetAcsControl"/>, <see cref="Remove"/>) keeps readers out.
/// Each change raises <see cref="Generation"/>, by which verdicts that were kept are known to be stale (row R52b).</remarks>
public sealed partial class PciTopology
{
    private readonly List<PciFunction> _functions;
    private readonly List<PciHostBridge> _hostBridges;
    private readonly Dictionary<PciAddress, PciFunction> _byAddress;

    private PciTopology(List<PciFunction> functions, List<PciHostBridge> hostBridges)
    {
        _functions = functions;
        _hostBridges = hostBridges;
        _byAddress = functions.ToDictionary(static f => f.Address);
    }

    /// <summary>Every function, by address.</summary>
    public IReadOnlyList<PciFunction> Functions => _functions;

    /// <summary>Every host bridge, by name.</summary>
    public IReadOnlyList<PciHostBridge> HostBridges => _hostBridges;

    /// <summary>Rises with each change of the tree or of an ACS control register.</summary>
    public int Generation { get; private set; }

    /// <summary>The functions with a type 0 header: the ends of peer-to-peer routes.</summary>
    public IEnumerable<PciFunction> Endpoints => _functions.Where(static f => f.HeaderType == PciHeaderType.Endpoint);

    /// <summary>The endpoints with a memory BAR.</summary>
    public IEnumerable<PciFunction> Providers => Endpoints.Where(static f => f.HasMemoryBar);

    /// <summary>Finds a function.</summary>
    public bool TryFind(PciAddress address, [NotNullWhen(true)] out PciFunction? function) => _byAddress.TryGetValue(address, out function);

    /// <summary>Finds the PCI function that a device hangs off: itself, or the nearest PCI ancestor (row R54a).</summary>
    /// <param name="devicePath">A path below <c>/sys/devices</c>, such as <c>.../0000:01:00.0/nvme/nvme0/nvme0n1</c>.</param>
    /// <param name="function">The function.</param>
    /// <returns>False where no ancestor is a PCI function: such a client is not supported.</returns>
    public bool TryFindNearest(string devicePath, [NotNullWhen(true)] out PciFunction? function)
    {
        foreach (string name in devicePath.Split('/').Reverse())
        {
            if (PciAddress.TryParse(name, out PciAddress address))
            {
                // The nearest PCI ancestor decides; one that the tree lacks is not skipped for another further up.
                return TryFind(address, out function);
            }
        }

        function = null;
        return false;
    }

    /// <summary>Sets a function's ACS control bits, as a host does by writing the register.</summary>
    public void SetAcsControl(PciFunction function, AcsControl control)
    {
        Own(function);
        function.AcsControl = control;
        function.IsAcsKnown = true;
        Generation++;
    }

    /// <summary>Reads a function's ACS control again from its configuration space, after something wrote to it.</summary>
    public void RefreshAcs(PciFunction function)
    {
        Own(function);
        ReadAcs(function);
        Generation++;
    }

    /// <summary>Removes a function and everything below it (surprise removal).</summary>
    public void Remove(PciFunction function)
    {
        Own(function);
        var gone = new HashSet<PciFunction>(_functions.Where(f => IsBelow(f, function)));
        foreach (PciFunction each in gone)
        {
            _byAddress.Remove(each.Address);
            each.HostBridge.Remove(each);
        }

        _functions.RemoveAll(gone.Contains);
        Number();
        Generation++;
    }

    private static bool IsBelow(PciFunction function, PciFunction above)
    {
        for (PciFunction? at = function; at is not null; at = at.Upstream)
        {
            if (ReferenceEquals(at, above) || ReferenceEquals(at.PhysicalFunction, above))
            {
                return true;
            }
        }

        return false;
    }

    private void Own(PciFunction function)
    {
        if (!TryFind(function.Address, out PciFunction? mine) || !ReferenceEquals(mine, function))
        {
            throw new ArgumentException($"{function.Address} is no function of this tree.", nameof(function));
        }
    }

    private void Number()
    {
        for (int i = 0; i < _functions.Count; i++)
        {
            _functions[i].Index = i;
        }
    }
}
