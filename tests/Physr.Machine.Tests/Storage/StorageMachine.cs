// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme.Media;
using Physr.Machine.Offload;
using Physr.Machine.Scenarios;
using Physr.Machine.Storage;
using Physr.Storage;

namespace Physr.Machine.Tests.Storage;

/// <summary>A host with two cards of persistent memory and two drives below one switch.</summary>
internal sealed class StorageMachine : IDisposable
{
    private readonly DeviceFactory _factory = new(seed: 3);

    public StorageMachine(ushort acs = 0, int dmaMask = 64)
    {
        HostSpec host = new("AuthenticAMD", 25, null, 1UL << 30, 38_000_000_000, 90);
        FabricSpec[] fabric =
        [
            new() { Name = "hb0", Kind = FabricKind.HostBridge, VendorId = 0x8086, DeviceId = 0x1 },
            new() { Name = "rp0", Kind = FabricKind.RootPort, Under = "hb0", LinkGeneration = 4, LinkLanes = 16, AcsControl = 0 },
            new() { Name = "sw0", Kind = FabricKind.Switch, Under = "rp0" },
            .. Enumerable.Range(0, 4).Select(i => new FabricSpec { Name = $"p{i}", Kind = FabricKind.DownstreamPort, Under = "sw0", LinkGeneration = 4, LinkLanes = 4, AcsControl = acs }),
            new() { Name = "pmem0", Kind = FabricKind.Pmem, Under = "p0", MemoryBytes = 4 << 20 },
            new() { Name = "pmem1", Kind = FabricKind.Pmem, Under = "p1", MemoryBytes = 4 << 20 },
            Drive("nvme0", "p2", dmaMask),
            Drive("nvme1", "p3", 64),
        ];
        Machine = new(host with { CpuVendor = "GenuineIntel", CpuFamily = 6 }, fabric, _factory.Make, seed: 3);
        Bytes = MachineBytes.Of(Machine);
        Pmem = [.. new[] { "pmem0", "pmem1" }.Select(name => new DaxBlockDevice(MachineBytes.DaxOf(Machine, Machine.Fabric[name]), Bytes))];
        Drives = [.. new[] { "nvme0", "nvme1" }.Select(name => NvmeBlockDevice.Open(Machine, Machine.Fabric[name]))];
        Assert.Equal(Errno.None, Machine.Memory.TryAllocate(1 << 20, "test", out PhysicalRange buffer));
        Buffer = buffer;
    }

    public SimulatedMachine Machine { get; }

    public HostBytes Bytes { get; }

    public DaxBlockDevice[] Pmem { get; }

    public NvmeBlockDevice[] Drives { get; }

    public PhysicalRange Buffer { get; }

    public RangeListView At(ulong offset, ulong length) => RangeList.Of(Buffer).View(offset, length);

    public byte[] Stored(string drive, ulong offset, int length)
    {
        byte[] bytes = new byte[length];
        for (int done = 0; done < length;)
        {
            Assert.Equal(MediaStatus.Success, _factory.MediaOf($"{drive}-ns").Read(offset + (ulong)done, length - done, out ReadOnlySpan<byte> part));
            part.CopyTo(bytes.AsSpan(done));
            done += part.Length;
        }

        return bytes;
    }

    public void Dispose()
    {
        foreach (NvmeBlockDevice drive in Drives)
        {
            drive.Dispose();
        }

        Machine.Memory.Free(Buffer);
        Assert.Empty(MachineLeaks.Find(Machine));
        Machine.Dispose();
        _factory.Dispose();
    }

    private static FabricSpec Drive(string name, string port, int mask) => new()
    {
        Name = name, Kind = FabricKind.Nvme, Under = port, DmaMaskBits = mask, Namespaces = [new($"{name}-ns", 4 << 20, 4096, null)],
        ReadBytesPerSecond = 7_000_000_000, WriteBytesPerSecond = 6_000_000_000, LatencyNanoseconds = 60_000,
    };
}
