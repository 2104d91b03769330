// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Machine.Nvme;
using Physr.Machine.Nvme.Media;
using Physr.Machine.Nvme.Spec;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Nvme;

/// <summary>A controller driven entry by entry, so that a test can say exactly what it wants, wrong things above all.</summary>
internal sealed class RawController : IDisposable
{
    public const int QueueSize = 8;

    private readonly Dictionary<int, RawRing> _rings = [];
    private ushort _nextId = 1;

    public RawController(NvmeControllerOptions? options = null, bool enable = true, ulong seed = 1)
    {
        Machine = new(seed);
        Controller = new("nvme0", options ?? Options());
        Machine.Plug(Controller);
        if (enable)
        {
            Enable();
        }
    }

    public FakeHost Machine { get; }

    public NvmeController Controller { get; }

    public ControllerStatus Status => new(Machine.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CSTS));

    public static NvmeControllerOptions Options(ulong cmb = 0) => new()
    {
        Namespaces =
        [
            new(new MemoryMedia("ns1", 4 << 20, patternSeed: 7)),
            new(new MemoryMedia("ns2", 4 << 20, patternSeed: 8), 4096),
            new(new MemoryMedia("ns3", 1 << 20, patternSeed: 9, isReadOnly: true)),
        ],
        MemoryBufferBytes = cmb,
        MaxIoQueues = 4,
        MaxQueueEntries = 64,
        MaxOutstanding = 16,
        MaxTransferBytes = 4 << 20,
        PieceBytes = 16 << 10,
    };

    public void Enable()
    {
        RawRing admin = NewRing(0, QueueSize);
        Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.AQA, (QueueSize - 1) | (QueueSize - 1) << 16);
        Machine.WriteRegister64(NvmeRegister.Bar, NvmeRegister.ASQ, admin.Submission.Address);
        Machine.WriteRegister64(NvmeRegister.Bar, NvmeRegister.ACQ, admin.Completion.Address);
        Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.CC, ControllerConfiguration.Standard.Value);
        Machine.RunToIdle();
    }

    public RawRing NewRing(int id, int size)
    {
        RawRing ring = new() { Submission = Machine.Take(size * 64), Completion = Machine.Take(size * 16), Size = size };
        _rings[id] = ring;
        return ring;
    }

    public void CreateIoQueue(int id, int size = QueueSize, int? completions = null)
    {
        RawRing ring = NewRing(id, size);
        int target = completions ?? id;
        if (target == id)
        {
            Succeed(Admin(AdminOpcode.CreateCompletionQueue, cdw10: (uint)(id | (size - 1) << 16), cdw11: (uint)(3 | id << 16), prp1: ring.Completion.Address));
        }
        else
        {
            ring.Completion = _rings[target].Completion;
        }

        Succeed(Admin(AdminOpcode.CreateSubmissionQueue, cdw10: (uint)(id | (size - 1) << 16), cdw11: (uint)(1 | target << 16), prp1: ring.Submission.Address));
    }

    public static void Succeed(CompletionEntry entry) => Assert.True(entry.Status.IsSuccess, entry.Status.ToString());

    public static void Fail(NvmeStatus status, CompletionEntry entry) => Assert.True(entry.Status.Is(status), $"expected {status}, got {entry.Status}");

    public CompletionEntry Admin(AdminOpcode opcode, uint nsid = 0, uint cdw10 = 0, uint cdw11 = 0, ulong prp1 = 0, ulong prp2 = 0, uint cdw12 = 0, int psdt = 0) =>
        Run(0, new() { Cdw0 = (uint)opcode | (uint)psdt << 14, NamespaceId = nsid, Prp1 = prp1, Prp2 = prp2, Cdw10 = cdw10, Cdw11 = cdw11, Cdw12 = cdw12 });

    public CompletionEntry Io(IoOpcode opcode, uint nsid, ulong block, uint blocks, ulong prp1, ulong prp2 = 0, int psdt = 0, uint cdw10 = 0, uint cdw11 = 0) =>
        Run(1, Entry(opcode, nsid, block, blocks, prp1, prp2, psdt) with
        {
            Cdw10 = (uint)block | cdw10,
            Cdw11 = (uint)(block >> 32) | cdw11,
        });

    public CompletionEntry Sgl(IoOpcode opcode, uint nsid, ulong block, uint blocks, SglDescriptor descriptor) =>
        Run(1, Entry(opcode, nsid, block, blocks, descriptor.Address, descriptor.Control, psdt: 1));

    public static SubmissionEntry Entry(IoOpcode opcode, uint nsid, ulong block, uint blocks, ulong prp1, ulong prp2 = 0, int psdt = 0) => new()
    {
        Cdw0 = (uint)opcode | (uint)psdt << 14,
        NamespaceId = nsid,
        Prp1 = prp1,
        Prp2 = prp2,
        Cdw10 = (uint)block,
        Cdw11 = (uint)(block >> 32),
        Cdw12 = blocks - 1,
    };

    /// <summary>Submits one entry and takes its completion.</summary>
    public CompletionEntry Run(int queue, SubmissionEntry entry)
    {
        ushort id = Push(queue, entry);
        Ring(queue);
        Machine.RunToIdle();
        CompletionEntry? completion = Pop(queue);
        Assert.True(completion is not null, $"no completion; CSTS 0x{Status.Value:x}");
        Assert.Equal(id, completion.Value.CommandId);
        return completion.Value;
    }

    public ushort Push(int queue, SubmissionEntry entry)
    {
        RawRing ring = _rings[queue];
        ushort id = _nextId++;
        entry.Cdw0 = (entry.Cdw0 & 0xFFFF) | (uint)id << 16;
        MemoryMarshal.Write(ring.Submission.Bytes[(ring.Tail * 64)..], entry);
        ring.Tail = (ring.Tail + 1) % ring.Size;
        return id;
    }

    public void Ring(int queue) => Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.SubmissionTail(queue), (uint)_rings[queue].Tail);

    public CompletionEntry? Pop(int queue, bool ringHead = true)
    {
        RawRing ring = _rings[queue];
        CompletionEntry entry = MemoryMarshal.Read<CompletionEntry>(ring.Completion.Bytes[(ring.Head * 16)..]);
        if (entry.Phase != ring.Phase)
        {
            return null;
        }

        if (++ring.Head == ring.Size)
        {
            ring.Head = 0;
            ring.Phase = !ring.Phase;
        }

        if (ringHead)
        {
            Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.CompletionHead(queue), (uint)ring.Head);
        }

        return entry;
    }

    public void Dispose() => Machine.Dispose();

    internal sealed class RawRing
    {
        public required TestBuffer Submission { get; init; }

        public required TestBuffer Completion { get; set; }

        public required int Size { get; init; }

        public int Tail { get; set; }

        public int Head { get; set; }

        public bool Phase { get; set; } = true;
    }
}
