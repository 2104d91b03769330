// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>A store whose calls may hang: other threads make them, and nobody waits for one longer than a time limit.</summary>
internal abstract class BlockingStore : PageStore, IStoreCalls
{
    private readonly Stack<WaitingRequester> _requesters = new();
    private readonly int _limitMs;
    private StoreWorkers? _workers;

    /// <summary>Notes the limit.</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="limitMs">How long a call may take, in milliseconds.</param>
    protected BlockingStore(ulong length, int limitMs)
        : base(length) => _limitMs = limitMs;

    /// <inheritdoc/>
    public override bool IsBlocking => true;

    /// <inheritdoc/>
    public override int RunPages => 64;

    /// <summary>Calls that hang.</summary>
    public int Hanging => _workers?.Hanging ?? 0;

    /// <inheritdoc/>
    public override Errno Read(ulong offset, nint destination, nuint length) => Covers(offset, length) ? CallAll(StoreCall.Read, offset, destination, length) : OutOfRange(offset, length);

    /// <inheritdoc/>
    public override Errno Write(ulong offset, nint source, nuint length) => Covers(offset, length) ? CallAll(StoreCall.Write, offset, source, length) : OutOfRange(offset, length);

    /// <inheritdoc/>
    public override Errno Flush() => CallOne(StoreCall.Flush, 0, 0, 0);

    /// <inheritdoc/>
    public override Errno TryCreateLane(int depth, out IStoreLane? lane, out string reason) => Workers.TryCreateLane(depth, RunPages, out lane, out reason);

    /// <inheritdoc/>
    Errno IStoreCalls.Call(StoreCall call, ulong offset, nint memory, nuint length, out string reason)
    {
        if (call != StoreCall.Flush && !Covers(offset, length))
        {
            reason = $"{length} bytes at {offset} are no whole pages within its {Length} bytes";
            return Errno.EINVAL;
        }

        return Call(call, offset, memory, length, out reason);
    }

    /// <inheritdoc/>
    void IStoreCalls.Failed(Errno errno, string reason) => Failed(errno, reason);

    /// <summary>Makes a call, on whatever thread, for however long; throws nothing.</summary>
    protected abstract Errno Call(StoreCall call, ulong offset, nint memory, nuint length, out string reason);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _workers?.Dispose();
            foreach (WaitingRequester requester in _requesters)
            {
                requester.Dispose();
            }
        }
    }

    private StoreWorkers Workers
    {
        get
        {
            lock (_requesters)
            {
                return _workers ??= new(this, Name, _limitMs);
            }
        }
    }

    private Errno CallAll(StoreCall call, ulong offset, nint address, nuint length)
    {
        Errno errno = Errno.None;
        nuint most = (nuint)(RunPages * PageBytes);
        for (nuint done = 0; done < length && errno == Errno.None; done += most)
        {
            errno = CallOne(call, offset + done, address + (nint)done, nuint.Min(most, length - done));
        }

        return errno;
    }

    private Errno CallOne(StoreCall call, ulong offset, nint address, nuint length)
    {
        StoreWorkers workers = Workers;
        WaitingRequester? requester;
        lock (_requesters)
        {
            _ = _requesters.TryPop(out requester);
        }

        requester ??= new(RunPages * PageBytes);
        Errno errno = requester.Call(workers, call, offset, address, length);
        if (errno == Errno.ETIMEDOUT && workers.Hanging >= StoreWorkers.MostHanging)
        {
            _ = Failed(errno, $"{StoreWorkers.MostHanging} calls hang: no more are made");
        }

        lock (_requesters)
        {
            _requesters.Push(requester);
        }

        return errno;
    }
}
