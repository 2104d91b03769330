// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Scenarios;
using Physr.Pci.Spec;

namespace Physr.Machine.Fabric;

/// <summary>What firmware does before a kernel starts: numbers buses, places BARs, opens bridge windows and switches decoding on.</summary>
internal sealed class FabricEnumerator
{
    /// <summary>A bridge window's granule (PCI-to-PCI Bridge Architecture, section 3.2.5.6).</summary>
    private const ulong WindowGranule = 1UL << 20;

    /// <summary>The 32-bit hole, below the I/O APIC.</summary>
    private const ulong HoleStart = RamLayout.LowLimit;

    private const ulong HoleEnd = 0xfec0_0000;

    private readonly PciFabric _fabric;
    private int _nextBus;
    private ulong _nextLow = HoleStart;
    private ulong _nextHigh;

    private FabricEnumerator(PciFabric fabric)
    {
        _fabric = fabric;

        // The 64-bit windows start on the next 64 GiB above RAM, far from whatever is plugged in later.
        _nextHigh = Alignment.Up(RamLayout.HighBase + fabric.Layout.High.Length, 64UL << 30);
    }

    public static void Run(PciFabric fabric)
    {
        FabricEnumerator enumerator = new(fabric);
        foreach (FabricNode bridge in fabric.Nodes.Where(static node => node.Spec.Kind == FabricKind.HostBridge))
        {
            enumerator.Number(bridge);
            ulong low = enumerator._nextLow = Alignment.Up(enumerator._nextLow, WindowGranule);
            ulong high = enumerator._nextHigh = Alignment.Up(enumerator._nextHigh, WindowGranule);
            enumerator.Place(bridge, bridge.Spec.BusOffset);
            (ulong Start, ulong End)[] windows = [(low, enumerator._nextLow), (high, enumerator._nextHigh)];
            bridge.RootWindows = [.. windows.Where(static window => window.End > window.Start).Select(static window => new PhysicalRange(new(window.Start), window.End - window.Start))];
        }
    }

    private void Number(FabricNode hostBridge)
    {
        byte rootBus = TakeBus();
        hostBridge.Address = new(0, rootBus, 0, 0);
        byte device = 1;
        foreach (FabricNode child in hostBridge.Children)
        {
            child.Address = new(0, rootBus, device++, 0);
            NumberBelow(child);
        }
    }

    private byte NumberBelow(FabricNode node)
    {
        if (node.Device is not null)
        {
            return node.Address.Bus;
        }

        byte secondary = TakeBus();
        byte last = secondary;
        byte device = 0;
        foreach (FabricNode child in node.Children)
        {
            child.Address = new(0, secondary, device++, 0);
            last = NumberBelow(child);
        }

        last = Math.Max(last, secondary);
        node.Config.WriteDword(ConfigRegister.PrimaryBus, (uint)(node.Address.Bus | (secondary << 8) | (last << 16)));
        return last;
    }

    private byte TakeBus()
    {
        if (_nextBus > byte.MaxValue)
        {
            throw new PhysrException("number buses", "fabric", Errno.ENOSPC, "a PCI domain has 256 buses");
        }

        return (byte)_nextBus++;
    }

    /// <summary>Places a node's BARs, or its children's and then its windows. BAR registers hold bus addresses; the cursors are CPU addresses.</summary>
    private void Place(FabricNode node, ulong busOffset)
    {
        ulong lowStart = 0;
        ulong highStart = 0;
        if (node.IsPort || node.Spec.Kind == FabricKind.Switch)
        {
            lowStart = _nextLow = Alignment.Up(_nextLow, Math.Max(WindowGranule, LargestBar(node, high: false)));
            highStart = _nextHigh = Alignment.Up(_nextHigh, Math.Max(WindowGranule, LargestBar(node, high: true)));
        }

        if (node.Device is { } device)
        {
            foreach (BarProfile bar in device.Profile.Bars.Where(static bar => !bar.IsIo).OrderByDescending(static bar => bar.Size))
            {
                ref ulong cursor = ref BarAssignment.GoesHigh(bar) ? ref _nextHigh : ref _nextLow;
                cursor = Alignment.Up(cursor, Math.Max(bar.Size, PageSize.Size4K));
                BarAssignment.Write(node, bar, unchecked(cursor + BarAssignment.OffsetOf(node.HostBridge, bar)));
                cursor += bar.Size;
            }
        }

        foreach (FabricNode child in node.Children.OrderByDescending(static child => LargestBar(child, high: true)))
        {
            Place(child, busOffset);
        }

        if (_nextLow > HoleEnd)
        {
            throw new PhysrException("place BARs", node.Name, Errno.ENOSPC, "the 32-bit hole below 0xfec00000 is full");
        }

        if (node.IsPort || node.Spec.Kind == FabricKind.Switch)
        {
            _nextLow = Alignment.Up(_nextLow, WindowGranule);
            _nextHigh = Alignment.Up(_nextHigh, WindowGranule);
            BridgeWindow.SetMemory(node.Config, lowStart, _nextLow - lowStart);
            BridgeWindow.SetPrefetchable(node.Config, unchecked(highStart + busOffset), _nextHigh - highStart);
        }

        node.Config.WriteWord(ConfigRegister.Command, (ushort)(PciCommand.MemorySpace | PciCommand.BusMaster));
    }

    private static ulong LargestBar(FabricNode node, bool high)
    {
        ulong largest = node.Device?.Profile.Bars.Where(bar => !bar.IsIo && BarAssignment.GoesHigh(bar) == high).Select(static bar => bar.Size).DefaultIfEmpty().Max() ?? 0;
        foreach (FabricNode child in node.Children)
        {
            largest = Math.Max(largest, LargestBar(child, high));
        }

        return largest;
    }
}
