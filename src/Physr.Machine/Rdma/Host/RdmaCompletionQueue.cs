// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Rdma.Spec;

namespace Physr.Machine.Rdma.Host;

/// <summary>A completion queue, as the host reads it.</summary>
public sealed class RdmaCompletionQueue : IDisposable
{
    private readonly RdmaDriver _driver;
    private readonly IDeviceBuffer _ring;
    private readonly int _log2;
    private uint _consumed;
    private uint _told;
    private bool _disposed;

    internal RdmaCompletionQueue(RdmaDriver driver, IDeviceBuffer ring, int log2, uint number)
    {
        _driver = driver;
        _ring = ring;
        _log2 = log2;
        Number = number;
    }

    /// <summary>The device's number for it.</summary>
    public uint Number { get; }

    /// <summary>Completions it can hold unread. The ring has twice the places, so that the device need be told of reads only now and then.</summary>
    public int Capacity => 1 << (_log2 - 1);

    /// <summary>Work requests that may complete here: never more than <see cref="Capacity"/>.</summary>
    internal int Promised { get; set; }

    /// <summary>Takes the next completion; false when there is none.</summary>
    public bool TryPoll(out RdmaWorkCompletion completion)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        while (true)
        {
            int slot = (int)(_consumed & ((1U << _log2) - 1));
            RdmaCompletion entry = RdmaCompletion.Read(_ring.Bytes.Slice(slot * RdmaLimits.CompletionSize, RdmaLimits.CompletionSize));
            if (entry.Phase != RdmaCompletion.PhaseOf(_consumed, _log2))
            {
                completion = default;
                return false;
            }

            _consumed++;
            if (_consumed - _told >= (uint)Capacity)
            {
                _told = _consumed;
                _driver.Host.WriteRegister32(0, Doorbell, _consumed);
            }

            // Completions of a queue pair that was destroyed meanwhile concern nobody.
            if (_driver.TryFind(entry.QueuePair, out RdmaQueuePair? queuePair))
            {
                completion = queuePair.Take(entry);
                return true;
            }
        }
    }

    /// <summary>Asks for an interrupt at the next completion. Poll once more afterwards: one may have come just before.</summary>
    public void Arm() => _driver.Host.WriteRegister32(0, Doorbell + 4, 1);

    /// <summary>Ends the queue; its queue pairs must have ended before.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _driver.Forget(this);
            _ring.Dispose();
        }
    }

    private ulong Doorbell => RdmaRegisters.CompletionQueueDoorbells + ((ulong)Number * 8);
}
