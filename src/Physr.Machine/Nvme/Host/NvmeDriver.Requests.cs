// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme.Host;

/// <content>Requests: submission, splitting, completion.</content>
public sealed partial class NvmeDriver
{
    private const ulong MaxBlocksPerCommand = 65536;

    private readonly Request[] _requests;
    private readonly IndexRing _pending;
    private readonly IndexRing _finished;
    private readonly IndexRing _freeRequests;
    private int _nextQueue;

    /// <summary>Requests submitted and not yet given as a result.</summary>
    public int Outstanding => _requests.Length - _freeRequests.Count;

    /// <summary>Commands with the controller.</summary>
    public int CommandsOutstanding
    {
        get
        {
            int count = 0;
            foreach (QueuePair queue in _queues)
            {
                count += queue.Outstanding;
            }

            return count;
        }
    }

    /// <summary>Reads blocks into part of a list.</summary>
    /// <param name="namespaceId">NSID.</param>
    /// <param name="startBlock">The first block.</param>
    /// <param name="blocks">How many, at least 1; as many commands as it takes.</param>
    /// <param name="target">Where the controller finds the memory.</param>
    /// <param name="targetOffset">The first byte in the list.</param>
    /// <param name="request">The number that the result will carry.</param>
    /// <returns>None; EAGAIN (all requests are taken: poll first); EINVAL (no such namespace or blocks, or the list is too short); or why the controller is lost.</returns>
    public Errno SubmitRead(uint namespaceId, ulong startBlock, ulong blocks, DmaRangeList target, ulong targetOffset, out int request) =>
        Submit(IoOpcode.Read, namespaceId, startBlock, blocks, target, targetOffset, out request);

    /// <summary>Writes blocks from part of a list; see <see cref="SubmitRead"/>.</summary>
    public Errno SubmitWrite(uint namespaceId, ulong startBlock, ulong blocks, DmaRangeList source, ulong sourceOffset, out int request) =>
        Submit(IoOpcode.Write, namespaceId, startBlock, blocks, source, sourceOffset, out request);

    /// <summary>Compares blocks with part of a list: the status is Compare Failure where they differ; see <see cref="SubmitRead"/>.</summary>
    public Errno SubmitCompare(uint namespaceId, ulong startBlock, ulong blocks, DmaRangeList source, ulong sourceOffset, out int request) =>
        Submit(IoOpcode.Compare, namespaceId, startBlock, blocks, source, sourceOffset, out request);

    /// <summary>Makes all completed writes of a namespace durable.</summary>
    public Errno SubmitFlush(uint namespaceId, out int request) => Submit(IoOpcode.Flush, namespaceId, 0, 1, DmaRangeList.Empty, 0, out request);

    /// <summary>Looks for completions, sends what could not be sent before, and gives results. Never waits.</summary>
    /// <param name="results">Where results go; what does not fit comes with the next call.</param>
    /// <returns>How many results there are.</returns>
    public int Poll(Span<NvmeResult> results)
    {
        foreach (QueuePair queue in _queues)
        {
            Reap(queue);
        }

        if (_pending.Count != 0)
        {
            Pump();
        }

        int count = 0;
        while (count < results.Length && _finished.Count != 0)
        {
            int index = _finished.Pop();
            results[count++] = new(index, _requests[index].Status, _requests[index].BytesDone);
            _requests[index] = default;
            _freeRequests.Push(index);
        }

        return count;
    }

    private Errno Submit(IoOpcode opcode, uint namespaceId, ulong startBlock, ulong blocks, DmaRangeList data, ulong offset, out int request)
    {
        ArgumentNullException.ThrowIfNull(data);
        ObjectDisposedException.ThrowIf(_disposed, this);
        request = -1;
        if (Failure != Errno.None)
        {
            return Failure;
        }

        NvmeNamespaceInfo? ns = FindNamespace(namespaceId);
        bool isInside = ns is not null && blocks != 0 && startBlock <= ns.Blocks && blocks <= ns.Blocks - startBlock;
        bool hasData = opcode != IoOpcode.Flush;
        if (!isInside || (hasData && (offset > data.Length || blocks * (ulong)ns!.BlockSize > data.Length - offset)))
        {
            return Errno.EINVAL;
        }

        if (_freeRequests.Count == 0)
        {
            return Errno.EAGAIN;
        }

        request = _freeRequests.Pop();
        _requests[request] = new()
        {
            Opcode = opcode,
            NamespaceId = namespaceId,
            BlockSize = (uint)ns!.BlockSize,
            Block = startBlock,
            BlocksLeft = blocks,
            Data = data,
            Offset = offset,
        };
        _pending.Push(request);
        Pump();
        return Errno.None;
    }

    /// <summary>Sends commands of waiting requests, oldest first, while there is room.</summary>
    private void Pump()
    {
        while (_pending.Count != 0 && TryPickQueue(out QueuePair? queue))
        {
            int index = _pending.First;
            ref Request request = ref _requests[index];
            SendNext(queue!, index, ref request);
            if (request.BlocksLeft == 0)
            {
                _pending.Pop();
                request.IsSent = true;
                FinishWhenDone(index, ref request);
            }
        }

        foreach (QueuePair queue in _queues)
        {
            queue.Ring();
        }
    }

    private bool TryPickQueue(out QueuePair? queue)
    {
        for (int i = 0; i < _queues.Count && Failure == Errno.None; i++)
        {
            queue = _queues[(_nextQueue + i) % _queues.Count];
            if (queue.HasRoom)
            {
                _nextQueue = (_nextQueue + i + 1) % _queues.Count;
                return true;
            }
        }

        queue = null;
        return false;
    }

    private void SendNext(QueuePair queue, int index, ref Request request)
    {
        if (!request.Status.IsSuccess)
        {
            request.BlocksLeft = 0; // an earlier part failed: the rest is not worth sending
            return;
        }

        ushort id = queue.NextId;
        SubmissionEntry entry = new() { Cdw0 = SubmissionEntry.Command((byte)request.Opcode, id), NamespaceId = request.NamespaceId };
        ulong blocks = request.BlocksLeft;
        ulong bytes = 0;
        if (request.Opcode != IoOpcode.Flush)
        {
            blocks = Math.Min(blocks, Math.Min(MaxBlocksPerCommand, _maxTransfer / request.BlockSize));
            bytes = DataPointerWriter.Write(
                ref entry, request.Data!, request.Offset, blocks * request.BlockSize, request.BlockSize, _pointers, queue.List(id), queue.ListAddress(id));
            blocks = bytes / request.BlockSize;
            if (blocks == 0)
            {
                request.Status = NvmeStatus.PrpOffsetInvalid.Final(); // no PRP can say it
                request.BlocksLeft = 0;
                return;
            }

            entry.Cdw10 = (uint)request.Block;
            entry.Cdw11 = (uint)(request.Block >> 32);
            entry.Cdw12 = (uint)(blocks - 1);
        }

        queue.Push(entry, index, bytes, _host.Now.Add(_options.CommandTimeout));
        request.Block += blocks;
        request.Offset += bytes;
        request.BlocksLeft -= blocks;
        request.CommandsOut++;
    }

    private void Reap(QueuePair queue)
    {
        bool any = false;
        while (queue.TryPop(out CompletionEntry entry, out QueuePair.Command command, out bool isForeign))
        {
            any = true;
            if (isForeign)
            {
                Failure = Errno.EIO; // nothing more is sent; only a reset makes its buffers safe to reuse
                break;
            }

            EndCommand(command, entry.Status);
        }

        if (any)
        {
            queue.RingHead();
        }
    }

    private void EndCommand(QueuePair.Command command, NvmeStatus status)
    {
        ref Request request = ref _requests[command.Request];
        request.CommandsOut--;
        if (status.IsSuccess)
        {
            request.BytesDone += command.Bytes;
        }
        else if (request.Status.IsSuccess)
        {
            request.Status = status;
        }

        FinishWhenDone(command.Request, ref request);
    }

    private void FinishWhenDone(int index, ref Request request)
    {
        if (request.IsSent && request.CommandsOut == 0)
        {
            _finished.Push(index);
        }
    }

    private struct Request
    {
        public IoOpcode Opcode;
        public uint NamespaceId;
        public uint BlockSize;
        public ulong Block;
        public ulong BlocksLeft;
        public DmaRangeList? Data;
        public ulong Offset;
        public ulong BytesDone;
        public int CommandsOut;
        public bool IsSent;
        public NvmeStatus Status;
    }
}
