// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Sharing;

/// <summary>The end of a transfer that is under way (the kernel's <c>dma_fence</c>): signalled once, waited for by any number. Thread-safe.</summary>
public sealed class DmaFence
{
    private static long s_lastContext;

    private readonly object _gate = new();
    private List<Action<DmaFence>>? _callbacks;
    private Action? _signalling;
    private bool _isSignalled;

    /// <summary>Makes a fence that is not signalled.</summary>
    /// <param name="context">The time line, of <see cref="NewContext"/>.</param>
    /// <param name="sequence">The place on it.</param>
    public DmaFence(ulong context, ulong sequence) => Cookie = new(context, sequence);

    /// <summary>Which transfer it stands for.</summary>
    public DmaFenceCookie Cookie { get; }

    /// <summary>Whether the transfer is over.</summary>
    public bool IsSignalled => Volatile.Read(ref _isSignalled);

    /// <summary>How the transfer ended; <see cref="Errno.None"/> until it did.</summary>
    public Errno Error { get; private set; }

    /// <summary>A new time line.</summary>
    public static ulong NewContext() => (ulong)Interlocked.Increment(ref s_lastContext);

    /// <summary>Begins a part of this thread on which a signal depends; taking a reservation lock in it is refused with <see cref="Errno.EDEADLOCK"/>.</summary>
    public static DmaFenceSignalling BeginSignalling() => DmaFenceSignalling.Begin();

    /// <summary>Says that the transfer is over, and calls who asked to be called.</summary>
    /// <param name="error">How it ended.</param>
    /// <returns>False where it was said before; nothing is changed then.</returns>
    public bool TrySignal(Errno error = Errno.None)
    {
        List<Action<DmaFence>>? callbacks;
        lock (_gate)
        {
            if (_isSignalled)
            {
                return false;
            }

            _signalling?.Invoke();
            Error = error;
            Volatile.Write(ref _isSignalled, true);
            callbacks = _callbacks;
            _callbacks = null;
            Monitor.PulseAll(_gate);
        }

        using DmaFenceSignalling section = BeginSignalling();
        foreach (Action<DmaFence> callback in CollectionsMarshal.AsSpan(callbacks))
        {
            callback(this);
        }

        return true;
    }

    /// <summary>Waits for the signal.</summary>
    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    public void Wait(CancellationToken cancellationToken = default)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static fence => ((DmaFence)fence!).Wake(), this);
        lock (_gate)
        {
            while (!_isSignalled)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Asks to be called on the signal, on the thread that signals; the callback may not wait, nor take a reservation lock.</summary>
    /// <returns><see cref="Errno.ENOENT"/> where it is signalled already: the callback is not called then.</returns>
    public Errno AddCallback(Action<DmaFence> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        lock (_gate)
        {
            if (_isSignalled)
            {
                return Errno.ENOENT;
            }

            (_callbacks ??= []).Add(callback);
            return Errno.None;
        }
    }

    /// <summary>The cookie, and whether it is signalled.</summary>
    public override string ToString() => $"fence {Cookie} ({(IsSignalled ? $"signalled, {Error}" : "pending")})";

    /// <summary>Tells an observer now, and before the signal is seen; neither where it is signalled already.</summary>
    internal void Observe(Action added, Action signalling)
    {
        lock (_gate)
        {
            if (!_isSignalled)
            {
                added();
                _signalling += signalling;
            }
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }
}
