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
