// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>A thread that waits for one call that <see cref="StoreWorkers"/> makes.</summary>
internal sealed class WaitingRequester(int mostBytes) : IStoreRequester, IDisposable
{
    private readonly SemaphoreSlim _ended = new(0);
    private StoreRequest? _request;
    private bool _isTimedOut;

    /// <summary>Makes a call and waits for it, or for its time to be over.</summary>
    public Errno Call(StoreWorkers workers, StoreCall call, ulong offset, nint address, nuint length)
    {
        StoreRequest request = _request ??= new(this, mostBytes);
        request.Set(call, 0, offset, address, length);
        if (!workers.TryHandIn(request))
        {
            return Errno.ETIMEDOUT;
        }

        _ended.Wait();
        if (_isTimedOut)
        {
            // The worker may still write to that one's memory.
            (_request, _isTimedOut) = (null, false);
            return Errno.ETIMEDOUT;
        }

        request.Deliver();
        return request.Errno;
    }

    /// <inheritdoc/>
    public void End(StoreRequest request, bool isTimedOut)
    {
        _isTimedOut = isTimedOut;
        _ended.Release();
    }

    /// <summary>Lets go of its memory. No call is under way.</summary>
    public void Dispose()
    {
        _request?.Free();
        _ended.Dispose();
    }
}
