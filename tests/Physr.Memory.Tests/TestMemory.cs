// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory.Tests;

/// <summary>Short names for what every test needs: ranges, well-filled pagemaps.</summary>
internal static class TestMemory
{
    public const ulong KiB = 1024;
    public const ulong MiB = 1024 * KiB;
    public const ulong GiB = 1024 * MiB;
    public const ulong TiB = 1024 * GiB;

    public static PhysicalRange Range(ulong start, ulong length) => new(new(start), length);

    /// <summary>A pagemap with everything its type asks for.</summary>
    public static Pagemap Filled(MemoryType type, params ReadOnlySpan<PhysicalRange> ranges)
    {
        Pagemap pagemap = new() { Type = type, Owner = "driver", FolioFree = _ => { }, MigrateToRam = (in DevicePageFault _) => FaultOutcome.Served };
        foreach (PhysicalRange range in ranges)
        {
            pagemap.Ranges.Add(range);
        }

        return pagemap;
    }

    public static Pagemap Registered(this MemoryMap map, MemoryType type, params ReadOnlySpan<PhysicalRange> ranges)
    {
        Pagemap pagemap = Filled(type, ranges);
        Errno errno = map.Register(pagemap, out string reason);
        Assert.True(errno == Errno.None, reason);
        return pagemap;
    }

    public static Resource Inserted(this ResourceTree tree, string name, PhysicalRange range, ResourceFlags flags = ResourceFlags.Memory)
    {
        Assert.Equal(Errno.None, tree.Insert(name, range, flags, ResourceDescriptor.None, out Resource? resource, out Resource? conflict));
        Assert.Null(conflict);
        return resource!;
    }

    public static void AssertNothingLeft(MemoryMap map)
    {
        Assert.Equal(0, map.DescriptorCount);
        Assert.Equal(0, map.DescriptorBytes);
        Assert.Equal(0, map.DeviceDescriptorBytes);
        Assert.Equal(0, map.PagemapRangeCount);
        Assert.Equal(0, map.ActiveProviderUses);
    }
}
