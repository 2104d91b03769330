// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Machine.Fabric;
using Physr.Machine.Nvme.Host;
using Physr.Machine.Nvme.Media;

namespace Physr.Machine.Offload;

/// <summary>One driven NVMe controller and the ends that its namespaces are.</summary>
internal sealed class NvmeEnds : IDisposable
{
    private const int MaxRequests = 256;
    private const int QueueDepth = 64;

    private readonly NvmeDriver _driver;
    private readonly NvmeResult[] _results = new NvmeResult[32];
    private readonly NvmeEnd?[] _owner = new NvmeEnd?[MaxRequests];
    private readonly int[] _tag = new int[MaxRequests];

    public NvmeEnds(FabricNode node, SimulatedMachine machine)
    {
        Node = node;
        Errno errno = NvmeDriver.Start(machine.HostOf(node), new() { QueueDepth = QueueDepth, MaxRequests = MaxRequests }, out NvmeDriver? driver);
        if (errno != Errno.None)
        {
            throw new PhysrException("start NVMe controller", node.Name, errno, "it does not come up");
        }

        _driver = driver!;
        if (node.Spec.CmbBytes != 0)
        {
            // Told its bus address, the controller knows its own buffer in data pointers and does not go over the bus for it.
            errno = _driver.MapMemoryBuffer(machine.ProviderOf(node, node.Spec.CmbBar).BusAddress(SimulatedMachine.BarRange(node, node.Spec.CmbBar).Start), out _);
            if (errno != Errno.None)
            {
                _driver.Dispose();
                throw new PhysrException("map controller memory buffer", node.Name, errno, "the controller refused its address");
            }
        }
    }

    public FabricNode Node { get; }

    public ITransferEnd End(string name, uint namespaceId, INvmeMedia media) =>
        new NvmeEnd(this, name, namespaceId, (ulong)_driver.FindNamespace(namespaceId)!.BlockSize, media);

    public void Dispose() => _driver.Dispose();

    private bool Start(NvmeEnd end, bool isRead, ulong block, ulong blocks, DmaRangeList data, ulong dataOffset, int tag)
    {
        Errno errno = isRead
            ? _driver.SubmitRead(end.NamespaceId, block, blocks, data, dataOffset, out int request)
            : _driver.SubmitWrite(end.NamespaceId, block, blocks, data, dataOffset, out request);
        switch (errno)
        {
            case Errno.None:
                _owner[request] = end;
                _tag[request] = tag;
                return true;
            case Errno.EAGAIN:
                return false;
            default:
                end.Finish(tag, $"the controller takes no commands: {errno}");
                return true;
        }
    }

    /// <summary>Gives each finished request to its end.</summary>
    private void Collect()
    {
        int count = _driver.Poll(_results);
        for (int i = 0; i < count; i++)
        {
            NvmeResult result = _results[i];
            _owner[result.Request]!.Finish(_tag[result.Request], result.Status.IsSuccess ? null : $"the command ended with {result.Status}");
        }
    }

    /// <summary>A namespace as the end of a transfer.</summary>
    private sealed class NvmeEnd : ITransferEnd
    {
        private readonly NvmeEnds _drive;
        private readonly ulong _blockSize;
        private readonly INvmeMedia _media;
        private readonly Queue<EndCompletion> _done = new(MaxRequests);
        private DmaRangeList _staging = DmaRangeList.Empty;
        private CommandMappings? _commands;

        public NvmeEnd(NvmeEnds drive, string name, uint namespaceId, ulong blockSize, INvmeMedia media)
        {
            _drive = drive;
            _blockSize = blockSize;
            _media = media;
            Name = name;
            NamespaceId = namespaceId;
        }

        public string Name { get; }

        public uint NamespaceId { get; }

        public FabricNode Node => _drive.Node;

        public bool NeedsOneMapping => false;

        public void Open(DmaRangeList staging, CommandMappings? commands = null)
        {
            _staging = staging;
            _commands = commands;
        }

        public bool TryFetch(ulong offset, uint length, ulong stagingOffset, int tag) => Start(isRead: true, offset, length, stagingOffset, tag);

        public bool TryStore(ulong offset, uint length, ulong stagingOffset, int tag) => Start(isRead: false, offset, length, stagingOffset, tag);

        public int Poll(Span<EndCompletion> completions)
        {
            _drive.Collect();
            int count = 0;
            while (count < completions.Length && _done.TryDequeue(out EndCompletion completion))
            {
                completions[count++] = completion;
            }

            return count;
        }

        public void Recover() => _drive._driver.Recover(isMachineIdle: true);

        public void Close()
        {
            _staging = DmaRangeList.Empty;
            _commands?.Dispose();
            _commands = null;
        }

        public void Inspect(ulong offset, Span<byte> destination)
        {
            while (!destination.IsEmpty)
            {
                MediaStatus status = _media.Read(offset, destination.Length, out ReadOnlySpan<byte> bytes);
                if (status != MediaStatus.Success)
                {
                    throw new PhysrException("inspect media", Name, Errno.EIO, $"{status} at byte {offset}");
                }

                bytes.CopyTo(destination);
                destination = destination[bytes.Length..];
                offset += (ulong)bytes.Length;
            }
        }

        internal void Finish(int tag, string? error)
        {
            _commands?.Unmap(tag);
            _done.Enqueue(new(tag, error));
        }

        private bool Start(bool isRead, ulong offset, uint length, ulong stagingOffset, int tag)
        {
            DmaRangeList? data = _staging;
            if (_commands is not null)
            {
                string? error = _commands.TryMap(tag, stagingOffset, length, isRead ? DmaDirection.FromDevice : DmaDirection.ToDevice, out data);
                stagingOffset = 0;
                if (data is null)
                {
                    if (error is not null)
                    {
                        Finish(tag, error);
                    }

                    return error is not null;
                }
            }

            return _drive.Start(this, isRead, offset / _blockSize, length / _blockSize, data, stagingOffset, tag);
        }
    }
}
