// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iova;

/// <summary>What one thread keeps for itself: a rack per size, below and above 4 GiB. The thread comes and goes without an interlocked operation (two of them cost
/// 10 ns here, more than all the rest of a pair); another thread that must look in pays instead.</summary>
/// <remarks>The owner writes <i>busy</i>, then reads <i>revoked</i>. The other, who holds the allocator's lock, writes <i>revoked</i>, makes every thread of the process pass a
/// barrier (<see cref="Interlocked.MemoryBarrierProcessWide"/>), then reads <i>busy</i> until it is clear. If the owner read <i>revoked</i> before its barrier, its <i>busy</i> is seen
/// and waited for; if after, it sees <i>revoked</i> and goes to wait for the lock. An owner that holds the lock itself needs no <i>busy</i>.
/// An owner never waits for the lock while it is busy.</remarks>
internal sealed class IovaStripe
{
    /// <summary>Unused racks before and behind the used ones: 128 bytes, two cache lines, so that no other thread's writes fall on these lines.</summary>
    private const int Padding = 4;

    private readonly IovaRack[] _racks;
    private Flags _flags;

    /// <summary>Makes an empty stripe.</summary>
    /// <param name="orders">How many sizes are kept.</param>
    public IovaStripe(int orders) => _racks = new IovaRack[(2 * orders) + (2 * Padding)];

    /// <summary>Every rack: those of order n at 2n and 2n + 1.</summary>
    public Span<IovaRack> Racks => _racks.AsSpan(Padding, _racks.Length - (2 * Padding));

    /// <summary>Whether any run is kept. Read by others while the owner works, it is a guess.</summary>
    public bool IsEmpty
    {
        get
        {
            foreach (ref IovaRack rack in Racks)
            {
                if (rack.Cached != 0)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>The rack of a size.</summary>
    /// <param name="order">The size: 2^order granules.</param>
    /// <param name="region">0 below 4 GiB, 1 above.</param>
    public ref IovaRack Rack(int order, int region) => ref _racks[(2 * order) + region + Padding];

    /// <summary>The owner comes. Nothing may throw, nor wait for the lock, until <see cref="Exit"/>.</summary>
    /// <returns>False while somebody else looks in; then there is no <see cref="Exit"/>.</returns>
    public bool TryEnter()
    {
        Volatile.Write(ref _flags.Busy, 1);
        if (Volatile.Read(ref _flags.Revoked) == 0)
        {
            return true;
        }

        Volatile.Write(ref _flags.Busy, 0);
        return false;
    }

    /// <summary>The owner goes.</summary>
    public void Exit() => Volatile.Write(ref _flags.Busy, 0);

    /// <summary>Keeps owners out: each from its next <see cref="TryEnter"/> on; one that is inside is still to be waited for.</summary>
    public static void RevokeAll(ReadOnlySpan<IovaStripe?> stripes)
    {
        foreach (IovaStripe? stripe in stripes)
        {
            if (stripe is not null)
            {
                Volatile.Write(ref stripe._flags.Revoked, 1);
            }
        }

        Interlocked.MemoryBarrierProcessWide();
    }

    /// <summary>Lets the owner in again.</summary>
    public void Restore() => Volatile.Write(ref _flags.Revoked, 0);

    /// <summary>Waits until the owner, if it is inside, has gone.</summary>
    public void WaitUntilIdle()
    {
        SpinWait wait = default;
        while (Volatile.Read(ref _flags.Busy) != 0)
        {
            wait.SpinOnce();
        }
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Flags
    {
        [FieldOffset(128)]
        public int Busy;

        [FieldOffset(132)]
        public int Revoked;
    }
}
