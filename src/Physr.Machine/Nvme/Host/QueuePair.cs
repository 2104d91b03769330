// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Machine.Devices;
using Physr.Machine.Nvme.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Nvme.Host;

/// <summary>A submission and a completion queue in host memory, with one command identifier and its list pages for each command that may be outstanding.</summary>
internal sealed class QueuePair : IDisposable
{
    /// <summary>No request: the command is the driver's own, or there is none.</summary>
    public const int NoRequest = -1;

    private readonly IDeviceHost _host;
    private readonly IDeviceBuffer _submission;
    private readonly IDeviceBuffer _completion;
    private readonly IDeviceBuffer? _lists;
    private readonly int _listBytes;
    private readonly Command[] _commands;
    private readonly ushort[] _free;
    private int _freeCount;
    private int _tail;
    private int _rungTail;
    private int _head;
    private bool _phase;

    private QueuePair(IDeviceHost host, int id, int size, int listBytes, IDeviceBuffer submission, IDeviceBuffer completion, IDeviceBuffer? lists)
    {
        _host = host;
        Id = id;
        Size = size;
        _listBytes = listBytes;
        _submission = submission;
        _completion = completion;
        _lists = lists;
        _commands = new Command[size - 1];
        _free = new ushort[size - 1];
        Clear();
    }

    public int Id { get; }

    /// <summary>Entries of each ring: one more than commands, because a full ring looks like an empty one.</summary>
    public int Size { get; }

    public int Outstanding => _commands.Length - _freeCount;

    public bool HasRoom => _freeCount != 0;

    public int MaxOutstanding => _commands.Length;

    public DmaAddress SubmissionAddress => _submission.Address;

    public DmaAddress CompletionAddress => _completion.Address;

    /// <summary>Takes the memory of a pair.</summary>
    /// <returns>None, or what <see cref="IDeviceHost.TryAllocate"/> says; what was taken is given back then.</returns>
    public static Errno TryCreate(IDeviceHost host, int id, int size, ulong listBytes, out QueuePair? pair)
    {
        pair = null;
        IDeviceBuffer? completion = null;
        IDeviceBuffer? lists = null;
        Errno errno = host.TryAllocate((ulong)(size * SubmissionEntry.Size), "NVMe submission queue", out IDeviceBuffer? submission);
        errno = errno != Errno.None ? errno : host.TryAllocate((ulong)(size * CompletionEntry.Size), "NVMe completion queue", out completion);
        if (errno == Errno.None && listBytes != 0)
        {
            errno = host.TryAllocate((ulong)(size - 1) * listBytes, "NVMe list pages", out lists);
        }

        if (errno != Errno.None)
        {
            completion?.Dispose();
            submission?.Dispose();
            return errno;
        }

        pair = new(host, id, size, (int)listBytes, submission!, completion!, lists);
        return Errno.None;
    }

    /// <summary>Empty rings, nothing outstanding: as after a controller reset.</summary>
    public void Clear()
    {
        _completion.Bytes.Clear();
        _tail = 0;
        _rungTail = 0;
        _head = 0;
        _phase = true;
        _freeCount = _free.Length;
        for (int i = 0; i < _free.Length; i++)
        {
            _free[i] = (ushort)(_free.Length - 1 - i);
            _commands[i] = default;
        }
    }

    /// <summary>The identifier that the next pushed command gets; there is room.</summary>
    public ushort NextId => _free[_freeCount - 1];

    public Span<byte> List(ushort id) => _lists!.Bytes.Slice(id * _listBytes, _listBytes);

    public DmaAddress ListAddress(ushort id) => _lists!.Address.Add((ulong)(id * _listBytes));

    /// <summary>Puts an entry into the ring; the controller learns of it by <see cref="Ring"/>.</summary>
    public void Push(in SubmissionEntry entry, int request, ulong bytes, SimTime deadline)
    {
        ushort id = _free[--_freeCount];
        _commands[id] = new(IsBusy: true, request, bytes, deadline);
        MemoryMarshal.Write(_submission.Bytes[(_tail * SubmissionEntry.Size)..], entry);
        _tail = (_tail + 1) % Size;
    }

    public void Ring()
    {
        if (_rungTail != _tail)
        {
            _rungTail = _tail;
            _host.WriteRegister32(NvmeRegister.Bar, NvmeRegister.SubmissionTail(Id), (uint)_tail);
        }
    }

    /// <summary>Takes the next completion; false where there is none.</summary>
    /// <param name="entry">The completion.</param>
    /// <param name="command">What it ends.</param>
    /// <param name="isForeign">It names no command that is outstanding here: the controller is broken.</param>
    public bool TryPop(out CompletionEntry entry, out Command command, out bool isForeign)
    {
        entry = MemoryMarshal.Read<CompletionEntry>(_completion.Bytes[(_head * CompletionEntry.Size)..]);
        command = default;
        isForeign = false;
        if (entry.Phase != _phase)
        {
            return false;
        }

        if (++_head == Size)
        {
            _head = 0;
            _phase = !_phase;
        }

        isForeign = entry.CommandId >= _commands.Length || !_commands[entry.CommandId].IsBusy || entry.SubmissionQueueId != Id;
        if (!isForeign)
        {
            command = _commands[entry.CommandId];
            _commands[entry.CommandId] = default;
            _free[_freeCount++] = entry.CommandId;
        }

        return true;
    }

    /// <summary>Gives the read entries of the completion ring back.</summary>
    public void RingHead() => _host.WriteRegister32(NvmeRegister.Bar, NvmeRegister.CompletionHead(Id), (uint)_head);

    public Command CommandAt(ushort id) => _commands[id];

    public void Dispose()
    {
        _submission.Dispose();
        _completion.Dispose();
        _lists?.Dispose();
    }

    internal readonly record struct Command(bool IsBusy, int Request, ulong Bytes, SimTime Deadline);
}
