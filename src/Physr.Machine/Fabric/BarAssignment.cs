// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Pci.Spec;

namespace Physr.Machine.Fabric;

/// <summary>A BAR's address, as its registers hold it.</summary>
internal static class BarAssignment
{
    private const uint MemoryFlags = 0xf;

    public static ulong Read(FabricNode node, BarProfile bar)
    {
        int offset = ConfigRegister.BaseAddress0 + (4 * bar.Index);
        ulong address = node.Config.ReadDword(offset) & ~MemoryFlags;
        return bar.Is64Bit ? address | ((ulong)node.Config.ReadDword(offset + 4) << 32) : address;
    }

    /// <summary>Where the BAR lies in the CPU's address space.</summary>
    public static PhysicalRange CpuRange(FabricNode node, BarProfile bar) =>
        new(new(unchecked(Read(node, bar) - OffsetOf(node.HostBridge, bar))), bar.Size);

    /// <summary>Whether a BAR goes into the 64-bit window, whose bus addresses may differ from the CPU's.</summary>
    public static bool GoesHigh(BarProfile bar) => bar.Is64Bit && bar.IsPrefetchable;

    /// <summary>Bus address minus CPU address of a BAR. The 32-bit window is never offset: its bus addresses have no room for it.</summary>
    public static ulong OffsetOf(FabricNode hostBridge, BarProfile bar) => GoesHigh(bar) ? hostBridge.Spec.BusOffset : 0;

    /// <summary>The bus address of a CPU address in a host bridge's windows.</summary>
    public static ulong ToBus(FabricNode hostBridge, ulong cpuAddress) =>
        cpuAddress >= RamLayout.HighBase ? unchecked(cpuAddress + hostBridge.Spec.BusOffset) : cpuAddress;

    public static void Write(FabricNode node, BarProfile bar, ulong busAddress)
    {
        int offset = ConfigRegister.BaseAddress0 + (4 * bar.Index);
        node.Config.WriteDword(offset, (uint)busAddress);
        if (bar.Is64Bit)
        {
            node.Config.WriteDword(offset + 4, (uint)(busAddress >> 32));
        }
    }
}
