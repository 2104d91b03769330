// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;
using Physr.Memory;

namespace Physr.Dma.Sharing;

/// <summary>The lock of a buffer and the fences of the transfers that reach it (the kernel's <c>dma_resv</c>). Mapping, unmapping, attaching and revoking happen under the
/// lock; importers are called with it held. Thread-safe.</summary>
/// <remarks>The lock is not recursive, and it belongs to a thread. An importer's own locks come after it. Who needs several takes them by ascending <see cref="Id"/>.</remarks>
public sealed partial class DmaReservation
{
    private static long s_lastId;

    private readonly Lock _lock = new();
    private readonly IAllocationGate? _allocations;

    /// <summary>Makes a reservation without fences.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="allocations">Asked before room for fences is made; null lets all pass (row R91).</param>
    public DmaReservation(string name, IAllocationGate? allocations = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        _allocations = allocations;
        Id = Interlocked.Increment(ref s_lastId);
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The order in which several are taken.</summary>
    public long Id { get; }

    /// <summary>Whether this thread holds the lock.</summary>
    public bool IsHeldByCurrentThread => _lock.IsHeldByCurrentThread;

    /// <summary>Told of the lock and of fences, where a buffer is being traced.</summary>
    internal Action<RevocableStep>? Observer { get; set; }

    /// <summary>Waits for the lock.</summary>
    /// <exception cref="PhysrException"><see cref="Errno.EDEADLOCK"/>: this thread holds it already, or a fence's signal depends on this thread.</exception>
    public DmaReservationHold Hold()
    {
        Take();
        Observer?.Invoke(RevocableStep.TakeReservation);
        return new(this);
    }

    /// <summary>Takes the lock if nobody holds it, this thread included.</summary>
    /// <param name="hold">The lock; holds nothing where the answer is false.</param>
    public bool TryHold(out DmaReservationHold hold)
    {
        hold = default;
        if (!TryTake())
        {
            return false;
        }

        Observer?.Invoke(RevocableStep.TakeReservation);
        hold = new(this);
        return true;
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>Takes the lock without telling the observer: a program of the protocol tells it itself.</summary>
    internal void Take()
    {
        Refuse(IsHeldByCurrentThread, "this thread holds its lock already");
        Refuse(DmaFenceSignalling.IsSignalling, "a fence's signal depends on this thread, and whoever holds the lock may be waiting for that fence");
        _lock.Enter();
    }

    internal bool TryTake() => !IsHeldByCurrentThread && _lock.TryEnter();

    internal void Give()
    {
        Observer?.Invoke(RevocableStep.GiveReservation);
        GiveUnobserved();
    }

    internal void GiveUnobserved()
    {
        _freeSlots = 0;
        _lock.Exit();
    }

    internal void MustBeHeld(string operation)
    {
        if (!IsHeldByCurrentThread)
        {
            throw new PhysrException(operation, Name, Errno.EINVAL, "the reservation lock has to be held by this thread");
        }
    }

    private void Refuse(bool isMisuse, string detail)
    {
        if (isMisuse)
        {
            throw new PhysrException("take reservation lock", Name, Errno.EDEADLOCK, detail);
        }
    }
}
