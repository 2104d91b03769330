// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Rdma.Spec;

namespace Physr.Machine.Rdma.Host;

/// <summary>A queue pair with its completion queues and buffers for small messages both ways: what a storage protocol over RDMA needs of a connection.</summary>
/// <remarks>Allocates nothing after it was made.</remarks>
public sealed class RdmaConnection : IDisposable
{
    // Identifiers of messages; transfers may use all below.
    private const ulong MessageId = 1UL << 63;

    private readonly RdmaDriver _driver;
    private readonly RdmaCompletionQueue _sends;
    private readonly RdmaCompletionQueue _receives;
    private readonly IDeviceBuffer _messages;
    private readonly RdmaMemoryRegion _messageRegion;
    private readonly Stack<int> _freeSendSlots;
    private readonly int _slots;
    private readonly int _slotSize;
    private RdmaWorkCompletion _failure;
    private bool _hasFailure;

    private RdmaConnection(
        RdmaDriver driver, RdmaCompletionQueue sends, RdmaCompletionQueue receives, RdmaQueuePair queuePair, IDeviceBuffer messages,
        RdmaMemoryRegion messageRegion, int slots, int slotSize)
    {
        _driver = driver;
        _sends = sends;
        _receives = receives;
        QueuePair = queuePair;
        _messages = messages;
        _messageRegion = messageRegion;
        _slots = slots;
        _slotSize = slotSize;
        _freeSendSlots = new(slots);
        for (int i = slots - 1; i >= 0; i--)
        {
            _freeSendSlots.Push(i);
        }
    }

    /// <summary>The queue pair.</summary>
    public RdmaQueuePair QueuePair { get; }

    /// <summary>Most bytes in a message.</summary>
    public int MessageSize => _slotSize;

    /// <summary>The first failure seen, if any: nothing works afterwards.</summary>
    public RdmaWorkCompletion? Failure => _hasFailure ? _failure : null;

    /// <summary>Makes the queues and posts all receive buffers. Connect the queue pair before use.</summary>
    /// <param name="driver">The device.</param>
    /// <param name="transfers">Most transfers outstanding.</param>
    /// <param name="messages">Most messages outstanding, each way.</param>
    /// <param name="messageSize">Most bytes of a message.</param>
    /// <param name="connection">The connection; null on failure, and everything is given back then.</param>
    /// <returns>What <see cref="RdmaDriver.TryCreateCompletionQueue"/>, <see cref="RdmaDriver.TryCreateQueuePair"/>, <see cref="RdmaDriver.TryRegister"/> or
    /// <see cref="IDeviceHost.TryAllocate"/> says.</returns>
    public static Errno TryCreate(RdmaDriver driver, int transfers, int messages, int messageSize, out RdmaConnection? connection)
    {
        ArgumentNullException.ThrowIfNull(driver);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(messages);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(messageSize);
        connection = null;
        int sendEntries = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(transfers + messages));
        int receiveEntries = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)messages);
        Errno errno = driver.TryCreateCompletionQueue(sendEntries, 0, out RdmaCompletionQueue? sends);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = driver.TryCreateCompletionQueue(receiveEntries, 0, out RdmaCompletionQueue? receives);
        RdmaQueuePair? queuePair = null;
        if (errno == Errno.None)
        {
            errno = driver.TryCreateQueuePair(sends!, receives!, sendEntries, receiveEntries, out queuePair);
        }

        IDeviceBuffer? buffer = null;
        RdmaMemoryRegion region = default;
        if (errno == Errno.None)
        {
            ulong bytes = 2UL * (ulong)messages * (ulong)messageSize;
            errno = driver.Host.TryAllocate(bytes, "RDMA messages", out buffer);
            if (errno == Errno.None)
            {
                DmaRangeListBuilder list = new();
                list.Append(new DmaRange(buffer!.Address, bytes));
                errno = driver.TryRegister(list.Build(), RdmaAccess.LocalWrite, out region);
            }
        }

        if (errno != Errno.None)
        {
            queuePair?.Dispose();
            receives?.Dispose();
            sends!.Dispose();
            buffer?.Dispose();
            return errno;
        }

        connection = new(driver, sends!, receives!, queuePair!, buffer!, region, messages, messageSize);
        for (int i = 0; i < messages; i++)
        {
            connection.PostReceive(i);
        }

        return Errno.None;
    }

    /// <summary>Sends a message.</summary>
    /// <returns><see cref="Errno.EAGAIN"/> when all slots are under way, <see cref="Errno.EINVAL"/> when it is too long, <see cref="Errno.EIO"/> after a failure.</returns>
    public Errno TrySend(ReadOnlySpan<byte> message)
    {
        if (message.Length > _slotSize)
        {
            return Errno.EINVAL;
        }

        if (_hasFailure)
        {
            return Errno.EIO;
        }

        if (!_freeSendSlots.TryPeek(out int slot))
        {
            return Errno.EAGAIN;
        }

        int offset = (_slots + slot) * _slotSize;
        message.CopyTo(_messages.Bytes[offset..]);
        Errno errno = QueuePair.TryPostSend(_messageRegion, (ulong)offset, (uint)message.Length, MessageId | (uint)slot);
        if (errno == Errno.None)
        {
            _freeSendSlots.Pop();
        }

        return errno;
    }

    /// <summary>Takes a message that arrived, if any, and posts its buffer again.</summary>
    /// <param name="message">Room for <see cref="MessageSize"/> bytes.</param>
    /// <param name="length">Its length.</param>
    public bool TryReceive(Span<byte> message, out int length)
    {
        length = 0;
        while (_receives.TryPoll(out RdmaWorkCompletion completion))
        {
            if (!completion.IsSuccess)
            {
                NoteFailure(completion);
                continue;
            }

            int slot = (int)completion.Id;
            length = (int)completion.ByteCount;
            _messages.Bytes.Slice(slot * _slotSize, length).CopyTo(message);
            PostReceive(slot);
            return true;
        }

        return false;
    }

    /// <summary>Takes the end of a transfer that was posted to <see cref="QueuePair"/>, if any. Messages that went well are silent; one that failed shows in
    /// <see cref="Failure"/>.</summary>
    public bool TryComplete(out RdmaWorkCompletion completion)
    {
        while (_sends.TryPoll(out completion))
        {
            if (!completion.IsSuccess)
            {
                NoteFailure(completion);
            }

            if ((completion.Id & MessageId) == 0)
            {
                return true;
            }

            _freeSendSlots.Push((int)(completion.Id & ~MessageId));
        }

        return false;
    }

    /// <summary>Ends everything that <see cref="TryCreate"/> made.</summary>
    public void Dispose()
    {
        QueuePair.Dispose();
        _receives.Dispose();
        _sends.Dispose();
        _driver.Deregister(_messageRegion);
        _messages.Dispose();
    }

    private void PostReceive(int slot)
    {
        Errno errno = QueuePair.TryPostReceive(_messageRegion, (ulong)(slot * _slotSize), (uint)_slotSize, (ulong)slot);
        if (errno != Errno.None)
        {
            throw new PhysrException("post receive", "RDMA connection", errno, "a slot was free and the ring has no place for it");
        }
    }

    private void NoteFailure(in RdmaWorkCompletion completion)
    {
        if (!_hasFailure || _failure.Status == RdmaCompletionStatus.Flushed)
        {
            _failure = completion;
            _hasFailure = true;
        }
    }
}
