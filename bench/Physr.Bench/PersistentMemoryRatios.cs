// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Memory;
using Physr.Mm;
using Physr.Storage;
using Physr.Storage.Pmem;

namespace Physr.Bench;

/// <summary>What it costs to have persistent memory, and to map it: regions that are attached, namespaces that are enabled, the first mapping of a large file.</summary>
internal static class PersistentMemoryRatios
{
    private const ulong TiB = 1UL << 40;
    private const int Rounds = 15;

    public static void Run(RatioTable table)
    {
        (double attach, double enable, long descriptors) = Attach();
        table.Limit("attach 1 TiB page-less", attach * 1e3, "ms", 1, "< 1 ms");
        table.Limit("same as devdax of 2 MiB, descriptors deduplicated", enable * 1e3, "ms", 200, "< 200 ms");
        table.Note("descriptors of the latter, looked at or not", descriptors, "");
        (double map, double touch, double unmap) = MapLarge();
        table.Limit("first mmap of 1 GiB, populated by 2 MiB entries", map * 1e3, "ms", 5, "< 5 ms");
        table.Note("of which making descriptors and the area", touch * 1e3, "ms");
        table.Note("last munmap, descriptors freed", unmap * 1e3, "ms");
    }

    private static (double Attach, double Enable, long Descriptors) Attach()
    {
        double attach = double.MaxValue;
        double enable = double.MaxValue;
        long descriptors = 0;
        for (int i = 0; i < Rounds; i++)
        {
            MemoryMap map = new();
            using MemoryMedia data = new("pmem0", TiB);
            using MemoryMedia labels = new("labels", 128 << 10);
            long start = Stopwatch.GetTimestamp();
            Require(PmemRegion.TryAttach(map, new(TiB), data, labels, null, out PmemRegion? region, out string reason), reason);
            attach = Math.Min(attach, Stopwatch.GetElapsedTime(start).TotalSeconds);
            Require(region!.TryInitializeLabels(force: false, out reason), reason);
            Require(region.TryCreate(new(NamespaceMode.DevDax) { Size = region.AvailableBytes }, out PmemNamespace? made, out reason), reason);
            start = Stopwatch.GetTimestamp();
            Require(made!.TryEnable(out reason), reason);
            enable = Math.Min(enable, Stopwatch.GetElapsedTime(start).TotalSeconds);
            descriptors = map.DescriptorCount;
            Require(made.TryDisable(out reason), reason);
            Require(region.TryDetach(out reason), reason);
        }

        return (attach, enable, descriptors);
    }

    private static (double Map, double Describe, double Unmap) MapLarge()
    {
        PhysicalRange range = new(new(8UL << 30), PageSize.Size1G);
        using PhysicalMemory memory = PhysicalMemory.Create(64UL << 20);
        using MemoryMedia medium = new("pmem0", range.Length);
        memory.AttachBytes(range, new MediaBytes(medium, range.Start));
        DescriptorBacking backing = new(memory.Map, "pmem0", range);
        OneExtent extents = new(range, backing);
        using DaxFile file = new(memory, "/mnt/pmem0/file", extents);
        using AddressSpace space = new(memory, "process");
        double populated = double.MaxValue;
        double bare = double.MaxValue;
        double unmapped = double.MaxValue;
        for (int i = 0; i < Rounds; i++)
        {
            bool isPopulated = i % 2 == 0;
            long start = Stopwatch.GetTimestamp();
            Require(space.TryMap(new(range.Length, Protection.ReadWrite) { File = file, IsShared = true, IsPopulated = isPopulated }, out VirtualAddress at), "map");
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            populated = isPopulated ? Math.Min(populated, seconds) : populated;
            bare = isPopulated ? bare : Math.Min(bare, seconds);
            start = Stopwatch.GetTimestamp();
            Require(space.TryUnmap(at, range.Length), "unmap");
            unmapped = isPopulated ? Math.Min(unmapped, Stopwatch.GetElapsedTime(start).TotalSeconds) : unmapped;
        }

        return (populated, bare, unmapped);
    }

    private static void Require(Errno errno, string what)
    {
        if (errno != Errno.None)
        {
            throw new PhysrException("benchmark", "persistent memory", errno, what);
        }
    }

    /// <summary>A file that is one run of a region.</summary>
    private sealed class OneExtent(PhysicalRange range, DescriptorBacking backing) : IDaxExtents
    {
        private readonly DescriptorUse _use = backing.Open("file");

        public ulong Length => range.Length;

        public bool WantsWriteNotify => true;

        public bool AllowsSharedWrites => true;

        public Errno TryOwn(ulong index) => Errno.None;

        public Errno TryFind(ulong index, out DaxExtent extent)
        {
            extent = new(range.Start.Frame.Add(index), (range.Length >> PageSize.Shift4K) - index);
            return Errno.None;
        }

        public Errno Describe(ulong index, ulong pages) => _use.TryCover(new(range.Start.Add(index << PageSize.Shift4K), pages << PageSize.Shift4K), out _);

        public void Forget() => _use.Release();

        public Errno Persist(ulong index, ulong pages) => Errno.None;
    }
}
