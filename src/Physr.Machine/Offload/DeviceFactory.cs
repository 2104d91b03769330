// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Endpoint;
using Physr.Machine.Gpu;
using Physr.Machine.Nvme;
using Physr.Machine.Nvme.Media;
using Physr.Machine.Pmem;
using Physr.Machine.Rdma;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;
using PersistentMemory = Physr.Storage.PersistentMemory;

namespace Physr.Machine.Offload;

/// <summary>Makes the device models of a scenario, and keeps the media of its namespaces, to be inspected past the devices.</summary>
internal sealed class DeviceFactory : IDisposable
{
    // Beside QEMU's devices, as those of the other models.
    private const ushort RedHat = 0x1b36;
    private const ushort EndpointId = 0x0054;

    private readonly ulong _seed;
    private readonly Dictionary<string, INvmeMedia> _media = new(StringComparer.Ordinal);

    private readonly Func<string, string, ulong, PersistentMemory>? _openRegion;

    /// <summary>Prepares to make devices.</summary>
    /// <param name="seed">The seed of the run: what fresh media hold.</param>
    /// <param name="openRegion">Opens the file behind persistent memory: name, path, bytes. The caller disposes of what it opened.</param>
    public DeviceFactory(ulong seed, Func<string, string, ulong, PersistentMemory>? openRegion = null)
    {
        _seed = seed;
        _openRegion = openRegion;
    }

    public INvmeMedia MediaOf(string name) => _media[name];

    public DeviceModel Make(FabricSpec spec) => spec.Kind switch
    {
        FabricKind.Nvme => MakeDrive(spec),
        FabricKind.RdmaNic => new RdmaNic(spec.Name, new()),
        FabricKind.Gpu => new GpuDevice(spec.Name, new() { MemorySize = spec.MemoryBytes, ApertureSize = spec.ApertureBytes }),
        FabricKind.Endpoint => new EndpointDevice(spec.Name, spec.VendorId ?? RedHat, spec.DeviceId ?? EndpointId, spec.BarBytes),
        FabricKind.Pmem => MakePmem(spec),
        _ => throw new PhysrException("make device", spec.Name, Errno.EINVAL, $"{spec.Kind} is no device"),
    };

    public void Dispose()
    {
        foreach (INvmeMedia media in _media.Values)
        {
            media.Dispose();
        }
    }

    private NvmeController MakeDrive(FabricSpec spec) => new(spec.Name, new()
    {
        Namespaces = [.. spec.Namespaces.Select(each => new NvmeNamespaceOptions(Open(each), each.LbaBytes))],
        MemoryBufferBytes = spec.CmbBytes,
        MemoryBufferBar = spec.CmbBar,
        ReadBytesPerSecond = spec.ReadBytesPerSecond,
        WriteBytesPerSecond = spec.WriteBytesPerSecond,
        ReadLatency = SimTime.FromNanoseconds(spec.LatencyNanoseconds),
        WriteLatency = SimTime.FromNanoseconds(spec.LatencyNanoseconds),
    });

    private PmemDevice MakePmem(FabricSpec spec)
    {
        if (spec.BackingPath is not { } path)
        {
            return new(spec.Name, spec.MemoryBytes);
        }

        return _openRegion is not null
            ? new(spec.Name, _openRegion(spec.Name, path, spec.MemoryBytes))
            : throw new PhysrException("open persistent memory", spec.Name, Errno.EOPNOTSUPP, $"nobody here maps files such as {path}");
    }

    private INvmeMedia Open(NamespaceSpec spec)
    {
        INvmeMedia media;
        if (spec.BackingPath is { } path)
        {
            Errno errno = FileMedia.TryOpen(path, spec.IsReadOnly, spec.LbaBytes, out FileMedia? file, out string detail);
            media = errno == Errno.None ? file! : throw new PhysrException("open namespace", spec.Name, errno, detail);
        }
        else
        {
            media = new MemoryMedia(spec.Name, spec.SizeBytes, SeededRandom.For(_seed, spec.Name).Next());
        }

        _media.Add(spec.Name, media);
        return media;
    }
}
