// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma;
using Physr.Machine;
using Physr.Machine.Fabric;
using Physr.Machine.Nvme;
using Physr.Machine.Nvme.Media;
using Physr.Machine.Offload;
using Physr.Machine.Scenarios;
using Physr.Memory;

namespace Physr.Bench;

/// <summary>A simulated host with two NVMe drives below one switch, the second with a controller memory buffer, and one transfer between them staged in that buffer
/// without page descriptors: drivers, queues, data pointers, fabric and controllers as in a run, on memory that is warm.</summary>
internal sealed unsafe class PageLessRig : IDisposable
{
    private const ulong BufferBytes = 64 << 20;
    private const int MemoryBar = 4;

    private readonly OffloadHost _host;
    private readonly PeerMemory _peer;
    private readonly StagingMemory _staging;
    private readonly DmaMapping[] _mappings;
    private readonly TransferSpec _transfer;
    private readonly TransferPump _pump;
    private readonly INvmeMedia _source;
    private readonly INvmeMedia _target;
    private readonly NvmeController _drive;
    private readonly ulong _stagingOffset;

    /// <summary>Builds the machine and moves everything once.</summary>
    /// <param name="length">Bytes of the transfer, and of each namespace.</param>
    /// <param name="chunk">Bytes of one command.</param>
    /// <param name="depth">Chunks in flight.</param>
    public PageLessRig(ulong length, uint chunk, int depth)
    {
        _transfer = new("copy", "ns0", 0, "ns1", 0, length, chunk, depth);
        RouteSpec route = new() { Name = "page-less", Provider = "nvme1" };
        _host = new(Describe(_transfer, route), route, seed: 1);
        SimulatedMachine machine = _host.Machine;
        FabricNode drive = machine.Fabric["nvme1"];
        _peer = PeerMemory.Publish(machine, drive, P2PPoolBacking.ProviderOnly);
        _staging = StagingMemory.InPool(machine, _peer.Pool, _peer.Provider, chunk * (ulong)depth);
        ITransferEnd from = _host.OpenEnd("ns0");
        ITransferEnd to = _host.OpenEnd("ns1");
        _mappings = [Map(machine, from), Map(machine, to)];
        _pump = new(machine, from, to, depth);
        _source = _host.MediaOf("ns0");
        _target = _host.MediaOf("ns1");
        _drive = (NvmeController)drive.Device!;
        _stagingOffset = _mappings[0].Memory.Seek(0).Range.Start.OffsetFrom(SimulatedMachine.BarRange(drive, MemoryBar).Start);
        Move();
        Check();
    }

    /// <summary>Events that the machine's clock has run.</summary>
    public ulong Events => _host.Machine.Scheduler.EventsRun;

    /// <summary>Moves the transfer over the machine.</summary>
    public void Move()
    {
        ulong done = 0;
        if (_pump.Run(_transfer, ref done, _transfer.LengthBytes, observer: null, CancellationToken.None) is { } error)
        {
            throw new InvalidOperationException(error);
        }
    }

    /// <summary>The same bytes between the same buffers in two copies, chunk by chunk: what the machine does, without the machine.</summary>
    public void CopyTwice()
    {
        int slot = 0;
        for (ulong at = 0; at < _transfer.LengthBytes; at += _transfer.ChunkBytes)
        {
            Span<byte> staging = _drive.MemoryBuffer!.SpanAt(_stagingOffset + ((ulong)slot * _transfer.ChunkBytes), _transfer.ChunkBytes);
            _source.Read(at, (int)_transfer.ChunkBytes, out ReadOnlySpan<byte> source);
            _target.BeginWrite(at, (int)_transfer.ChunkBytes, out Span<byte> target);
            Copy(source, staging);
            Copy(staging, target);
            slot = slot + 1 == _transfer.QueueDepth ? 0 : slot + 1;
        }
    }

    public void Dispose()
    {
        _host.CloseEnds();
        Array.ForEach(_mappings, static mapping => mapping.Dispose());
        _staging.Dispose();
        _peer.Dispose();
        _host.Dispose();
    }

    private static void Copy(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (source.Length != target.Length)
        {
            throw new InvalidOperationException("A chunk crosses a piece of the simulated memory.");
        }

        // SAFETY: both are native memory that the machine owns and that lives as long as this; the lengths are equal.
        fixed (byte* from = source, to = target)
        {
            NativeMemory.Copy(from, to, (nuint)source.Length);
        }
    }

    private static Scenario Describe(TransferSpec transfer, RouteSpec route)
    {
        FabricSpec drive = new()
        {
            Name = "nvme0",
            Kind = FabricKind.Nvme,
            Under = "p0",
            Namespaces = [new("ns0", transfer.LengthBytes, 4096, null)],
            ReadBytesPerSecond = 7_000_000_000,
            WriteBytesPerSecond = 6_000_000_000,
            LatencyNanoseconds = 60_000,
        };
        return new(
            "bench",
            Seed: 1,
            new("AuthenticAMD", 25, null, 1UL << 30, 38_000_000_000, 90),
            [
                new() { Name = "hb0", Kind = FabricKind.HostBridge, VendorId = 0x1022, DeviceId = 0x14a4 },
                new() { Name = "rp0", Kind = FabricKind.RootPort, Under = "hb0", LinkGeneration = 4, LinkLanes = 16, AcsControl = 0 },
                new() { Name = "sw0", Kind = FabricKind.Switch, Under = "rp0" },
                new() { Name = "p0", Kind = FabricKind.DownstreamPort, Under = "sw0", LinkGeneration = 4, LinkLanes = 4, AcsControl = 0 },
                new() { Name = "p1", Kind = FabricKind.DownstreamPort, Under = "sw0", LinkGeneration = 4, LinkLanes = 4, AcsControl = 0 },
                drive,
                drive with { Name = "nvme1", Under = "p1", Namespaces = [new("ns1", transfer.LengthBytes, 4096, null)], CmbBytes = BufferBytes, CmbBar = MemoryBar },
            ],
            [],
            [transfer],
            [route],
            []);
    }

    private DmaMapping Map(SimulatedMachine machine, ITransferEnd end)
    {
        if (!machine.Mapper.TryMap(machine.DmaOf(end.Node), _staging.List, DmaDirection.Bidirectional, out DmaMapping? mapping, out DmaMapError? error))
        {
            throw new PhysrException("map", end.Name, error!.Errno, error.Detail);
        }

        end.Open(mapping!.Addresses);
        return mapping;
    }

    private void Check()
    {
        for (ulong at = 0; at < _transfer.LengthBytes; at += _transfer.ChunkBytes)
        {
            _source.Read(at, (int)_transfer.ChunkBytes, out ReadOnlySpan<byte> source);
            _target.Read(at, (int)_transfer.ChunkBytes, out ReadOnlySpan<byte> target);
            if (!source.SequenceEqual(target))
            {
                throw new InvalidOperationException($"The bytes that arrived at {at} are not the source's.");
            }
        }
    }
}
