// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.Block;
using Physr.Machine.Fabric;
using Physr.Machine.Nvme.Host;
using Physr.Machine.Nvme.Spec;
using Physr.Storage;

namespace Physr.Machine.Storage;

/// <summary>A namespace of a machine's NVMe drive as a block device. Each request's ranges are mapped for the drive as it is built (row R88), wherever they lie: RAM, or another device's memory that the route
/// allows. Polling lets the machine go on.</summary>
public sealed class NvmeBlockDevice : BlockDevice
{
    private const int MaxRequests = 64;
    private const int ZeroBytes = 64 << 10;

    private readonly SimulatedMachine _machine;
    private readonly NvmeDriver _driver;
    private readonly uint _namespace;
    private readonly int _blockShift;
    private readonly DmaDevice _device;
    private readonly Stack<BlockMapping> _idle = new();
    private readonly Request?[] _requests = new Request?[MaxRequests];
    private readonly Queue<Request> _waiting = new();
    private readonly NvmeResult[] _results = new NvmeResult[MaxRequests];
    private readonly PhysicalRange _zeros;

    private NvmeBlockDevice(SimulatedMachine machine, FabricNode node, NvmeDriver driver, NvmeNamespaceInfo info, PhysicalRange zeros)
        : base($"{node.Name}n{info.Id}", info.Length >> Bio.SectorShift, LimitsOf(driver, info))
    {
        _machine = machine;
        _driver = driver;
        _namespace = info.Id;
        _blockShift = System.Numerics.BitOperations.Log2((uint)info.BlockSize);
        _device = machine.DmaOf(node);
        _zeros = zeros;
        IsReadOnly = info.IsReadOnly;
    }

    /// <inheritdoc/>
    public override bool IsReadOnly { get; }

    /// <summary>Starts a drive and takes one of its namespaces; the drive is this device's alone.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="node">The drive.</param>
    /// <param name="namespaceId">NSID.</param>
    /// <exception cref="PhysrException">The drive does not come up, or has no such namespace.</exception>
    public static NvmeBlockDevice Open(SimulatedMachine machine, FabricNode node, uint namespaceId = 1)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(node);
        Errno errno = NvmeDriver.Start(machine.HostOf(node), new() { QueueDepth = MaxRequests, MaxRequests = MaxRequests }, out NvmeDriver? driver);
        if (errno != Errno.None)
        {
            throw new PhysrException("start NVMe controller", node.Name, errno, "it does not come up");
        }

        errno = machine.Memory.TryAllocate(ZeroBytes, $"zeros for {node.Name}", out PhysicalRange zeros);
        if (errno != Errno.None || driver!.FindNamespace(namespaceId) is not { } info)
        {
            driver!.Dispose();
            throw new PhysrException("open namespace", $"{node.Name} {namespaceId}", errno == Errno.None ? Errno.ENODEV : errno, "there is no such namespace, or no memory");
        }

        for (ulong at = 0; at < ZeroBytes; at += PageSize.Size4K)
        {
            machine.Memory.SpanAt(zeros.Start.Add(at), PageSize.Size4K).Clear();
        }

        return new(machine, node, driver, info, zeros);
    }

    /// <inheritdoc/>
    protected override void Start(Bio bio)
    {
        if (bio.Operation == BioOperation.WriteZeroes)
        {
            WriteZeros(bio);
            return;
        }

        bool flushesFirst = bio.Operation == BioOperation.Flush || (bio.Flags & BioFlags.PreFlush) != BioFlags.None;
        Send(new(bio), flushesFirst ? Step.Flush : Step.Data);
    }

    /// <inheritdoc/>
    protected override bool PollCore()
    {
        int count = _driver.Poll(_results);
        for (int i = 0; i < count; i++)
        {
            NvmeResult result = _results[i];
            Request request = _requests[result.Request]!;
            _requests[result.Request] = null;
            Finish(request, result.Status);
        }

        for (int i = count; i > 0 && _waiting.TryDequeue(out Request? next); i--)
        {
            Send(next, next.Step);
        }

        if (count != 0 || _driver.Outstanding == 0)
        {
            return count != 0;
        }

        if (!_machine.Scheduler.Step())
        {
            // Nothing is left that could happen: what is out is aborted, or ended by a reset.
            _driver.Recover(isMachineIdle: true);
        }

        return true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _driver.Dispose();
        _machine.Memory.Free(_zeros);
        base.Dispose(disposing);
    }

    private static BlockQueueLimits LimitsOf(NvmeDriver driver, NvmeNamespaceInfo info) => new()
    {
        LogicalBlockBytes = (uint)info.BlockSize,
        MaxSectors = driver.MaxTransferBytes >> Bio.SectorShift,
        MaxSegmentBytes = uint.MaxValue,
        AlignmentMask = 3,
        SingleProvider = true,
        HasVolatileCache = true,
        MaxWriteZeroesSectors = ZeroBytes >> Bio.SectorShift,
    };

    private void WriteZeros(Bio bio)
    {
        Bio data = bio.Part(BioOperation.Write, bio.Sector, RangeList.Of(_zeros).View(0, bio.Bytes), bio.Flags);
        bio.Complete(BlockStatus.Ok);
        Start(data);
    }

    private void Send(Request request, Step step)
    {
        request.Step = step;
        BlockStatus status = step == Step.Data ? Map(request) : BlockStatus.Ok;
        if (status != BlockStatus.Ok)
        {
            if (status != BlockStatus.Resource || !TryWait(request))
            {
                request.Bio.Complete(status);
            }

            return;
        }

        Bio bio = request.Bio;
        ulong block = bio.Sector << Bio.SectorShift >> _blockShift;
        ulong blocks = bio.Bytes >> _blockShift;
        int number = 0;
        Errno errno = step switch
        {
            Step.Flush or Step.LastFlush => _driver.SubmitFlush(_namespace, out number),
            _ when bio.Operation == BioOperation.Read => _driver.SubmitRead(_namespace, block, blocks, request.Data, 0, out number),
            _ => _driver.SubmitWrite(_namespace, block, blocks, request.Data, 0, out number),
        };
        if (errno != Errno.None)
        {
            Unmap(request);
            if (errno == Errno.EAGAIN && TryWait(request))
            {
                return;
            }

            bio.Complete(errno == Errno.EAGAIN ? BlockStatus.Resource : errno == Errno.EINVAL ? BlockStatus.Invalid : BlockStatus.Offline);
            return;
        }

        _requests[number] = request;
    }

    /// <summary>Lets a request wait for the end of another, which makes room; false where none is out.</summary>
    private bool TryWait(Request request)
    {
        if (_driver.Outstanding == 0)
        {
            return false;
        }

        _waiting.Enqueue(request);
        return true;
    }

    private BlockStatus Map(Request request)
    {
        BlockMapping mapping = _idle.TryPop(out BlockMapping? idle) ? idle : new(_machine.Mapper, _machine.Map, _machine.Routes, _device, Limits.SegmentLimits);
        DmaRangeListBuilder list = new();
        if (!mapping.Start(request.Bio.Data, request.Bio.Operation == BioOperation.Read ? DmaDirection.FromDevice : DmaDirection.ToDevice))
        {
            _idle.Push(mapping);
            return mapping.Status;
        }

        do
        {
            list.Append(mapping.Current, mapping.IsBusAddress);
        }
        while (mapping.MoveNext());

        if (mapping.Status != BlockStatus.Ok)
        {
            _idle.Push(mapping);
            return mapping.Status;
        }

        request.Mapping = mapping;
        request.Data = list.Build();
        return BlockStatus.Ok;
    }

    private void Unmap(Request request)
    {
        if (request.Mapping is { } mapping)
        {
            mapping.End();
            _idle.Push(mapping);
            request.Mapping = null;
        }
    }

    private void Finish(Request request, NvmeStatus status)
    {
        Unmap(request);
        Bio bio = request.Bio;
        if (!status.IsSuccess)
        {
            bio.Complete(StatusOf(status));
        }
        else if (request.Step == Step.Flush && bio.Operation != BioOperation.Flush)
        {
            Send(request, Step.Data);
        }
        else if (request.Step == Step.Data && bio.Operation == BioOperation.Write && (bio.Flags & BioFlags.ForceUnitAccess) != BioFlags.None)
        {
            Send(request, Step.LastFlush);
        }
        else
        {
            bio.Complete(BlockStatus.Ok);
        }
    }

    private static BlockStatus StatusOf(NvmeStatus status) =>
        status.Is(NvmeStatus.UnrecoveredReadError) || status.Is(NvmeStatus.WriteFault) ? BlockStatus.Medium : status.DoNotRetry ? BlockStatus.NotSupported : BlockStatus.IoError;

    private enum Step
    {
        Flush,
        Data,
        LastFlush,
    }

    private sealed class Request(Bio bio)
    {
        public Bio Bio { get; } = bio;

        public Step Step { get; set; }

        public BlockMapping? Mapping { get; set; }

        public DmaRangeList Data { get; set; } = DmaRangeList.Empty;
    }
}
