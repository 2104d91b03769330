// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;

namespace Physr.Paging.Stores;

/// <summary>Another store, some calls of which fail, are slow or hang: for tests.</summary>
internal sealed class FailingStore : BlockingStore
{
    private readonly PageStore _store;
    private readonly StoreFailure[] _failures;
    private readonly ulong[] _counts = new ulong[3];
    private readonly ManualResetEventSlim _end = new(false);

    /// <summary>Goes before a store.</summary>
    /// <param name="store">The store; this one's from here on.</param>
    /// <param name="spec">What fails.</param>
    public FailingStore(PageStore store, StoreSpec spec)
        : base(store.Length, spec.TimeLimitMs)
    {
        (_store, _failures) = (store, spec.Failures);
        IsBlocking = store.IsBlocking || _failures.Any(static failure => failure.DelayMs != 0);
    }

    /// <inheritdoc/>
    public override string Name => $"failing {_store.Name}";

    /// <inheritdoc/>
    public override bool IsBlocking { get; }

    /// <inheritdoc/>
    public override bool IsDurable => _store.IsDurable;

    /// <inheritdoc/>
    public override int RunPages => Math.Min(_store.RunPages, 64);

    /// <inheritdoc/>
    public override Errno Read(ulong offset, nint destination, nuint length) => IsBlocking ? base.Read(offset, destination, length) : Direct(StoreCall.Read, offset, destination, length);

    /// <inheritdoc/>
    public override Errno Write(ulong offset, nint source, nuint length) => IsBlocking ? base.Write(offset, source, length) : Direct(StoreCall.Write, offset, source, length);

    /// <inheritdoc/>
    public override Errno WriteFrom(MemoryFile window, ulong windowOffset, ulong offset, nuint length, nint scratch)
    {
        if (IsBlocking)
        {
            return base.WriteFrom(window, windowOffset, offset, length, scratch);
        }

        Errno errno = Fail(StoreCall.Write, out string reason);
        return errno != Errno.None ? Failed(errno, reason) : Passed(_store.WriteFrom(window, windowOffset, offset, length, scratch));
    }

    /// <inheritdoc/>
    public override Errno Flush() => IsBlocking ? base.Flush() : Direct(StoreCall.Flush, 0, 0, 0);

    /// <inheritdoc/>
    public override Errno TryCreateLane(int depth, out IStoreLane? lane, out string reason)
    {
        if (IsBlocking)
        {
            return base.TryCreateLane(depth, out lane, out reason);
        }

        (lane, reason) = (null, $"{Name}: it answers at once and needs no lane");
        return Errno.EOPNOTSUPP;
    }

    /// <inheritdoc/>
    protected override Errno Call(StoreCall call, ulong offset, nint memory, nuint length, out string reason)
    {
        Errno errno = Fail(call, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = call == StoreCall.Read ? _store.Read(offset, memory, length) : call == StoreCall.Write ? _store.Write(offset, memory, length) : _store.Flush();
        reason = errno == Errno.None ? "" : _store.LastReason;
        return errno;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _end.Set();
        }

        base.Dispose(disposing);
        if (disposing)
        {
            _store.Dispose();
        }
    }

    private Errno Direct(StoreCall call, ulong offset, nint memory, nuint length)
    {
        Errno errno = Call(call, offset, memory, length, out string reason);
        return errno == Errno.None ? errno : Failed(errno, reason);
    }

    private Errno Passed(Errno errno) => errno == Errno.None ? errno : Failed(errno, _store.LastReason);

    private Errno Fail(StoreCall call, out string reason)
    {
        ulong number = Interlocked.Increment(ref _counts[(int)call]);
        reason = "";
        foreach (StoreFailure failure in _failures)
        {
            if (failure.Call != call || number < failure.First || number - failure.First >= failure.Count)
            {
                continue;
            }

            if (failure.DelayMs != 0 && _end.Wait(failure.DelayMs) && failure.DelayMs == StoreFailure.ForEver)
            {
                reason = "it hung until it was closed";
                return Errno.EIO;
            }

            reason = $"{call} {number} was made to fail";
            return failure.Errno;
        }

        return Errno.None;
    }
}
