// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;

namespace Physr.Paging.Engine;

/// <summary>What one thread needs to serve faults without allocating: room for pages on their way, and for the numbers of those that leave. Used by one thread at a time.</summary>
internal sealed class FaultLane : IDisposable
{
    /// <summary>Pages that leave in one go.</summary>
    public const int MostVictims = 64;

    private const int MostPending = 256;

    private readonly Mapping _scratch;
    private readonly ulong[] _pending = new ulong[MostPending];
    private int _pendingCount;

    private FaultLane(Mapping scratch) => _scratch = scratch;

    /// <summary>Room for the longest run.</summary>
    public nint Scratch => _scratch.Address;

    /// <summary>Room for a batch on its way out; apart, as a batch may have to leave while a run is on its way in.</summary>
    public nint SaveScratch => _scratch.Address + (RegionEngine.MostRunPages * ControlBytes);

    /// <summary>The pages of a batch.</summary>
    public uint[] Victims { get; } = new uint[MostVictims];

    /// <summary>Whether each page of a batch has to be written back, or could not be.</summary>
    public bool[] Flags { get; } = new bool[MostVictims];

    /// <summary>Whether this thread only takes pages out: pages that come to be wanted meanwhile are left to those that serve faults.</summary>
    public bool IsWriter { get; init; }

    /// <summary>Whether this thread makes room in another region at this moment: pages that come to be wanted there are left to others too.</summary>
    public bool IsElsewhere { get; set; }

    /// <summary>Reads away from this thread, of the region that it serves at this moment; null where the store answers at once or this thread may wait for it.</summary>
    public DeferredReads? Deferred { get; set; }

    /// <summary>Makes a lane.</summary>
    /// <param name="isWriter">Whether its thread only takes pages out.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="reason">Why there is none.</param>
    public static Errno TryCreate(bool isWriter, out FaultLane? lane, out string reason)
    {
        Errno errno = Mapping.TryMapAnonymous((nuint)((RegionEngine.MostRunPages + MostVictims) * ControlBytes), hugeAligned: true, out Mapping? scratch, out reason);
        lane = scratch is null ? null : new(scratch) { IsWriter = isWriter };
        return errno;
    }

    private static int ControlBytes => Control.ControlLayout.PageBytes;

    /// <summary>Remembers a page that somebody wants and that could not be served on the way.</summary>
    /// <returns>False when there is no room: the region has to be looked over as a whole.</returns>
    public bool TryPend(ulong page)
    {
        if (_pendingCount == MostPending)
        {
            return false;
        }

        _pending[_pendingCount++] = page;
        return true;
    }

    /// <summary>Takes a remembered page.</summary>
    public bool TryTakePending(out ulong page)
    {
        if (_pendingCount == 0)
        {
            page = 0;
            return false;
        }

        page = _pending[--_pendingCount];
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _scratch.Dispose();
}
