// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>One thread's right to run: whoever has it gives it, the owner awaits it. The owner looks for a moment, since most turns are short, then lets others of the
/// processor go first, then sleeps: 0.4 µs where both have a processor, 15 µs where it slept.</summary>
internal sealed class Turn : IDisposable
{
    private const int Looks = 12;
    private const int Yields = 10;
    private const int Taken = 0;
    private const int Given = 1;
    private const int Asleep = 2;
    private static readonly int s_looks = Environment.ProcessorCount > 1 ? Looks : 0;

    private readonly AutoResetEvent _alarm = new(initialState: false);
    private volatile int _state;

    /// <summary>Lets the owner run. All that was written before is seen by it.</summary>
    public void Give()
    {
        if (Interlocked.Exchange(ref _state, Given) == Asleep)
        {
            _alarm.Set();
        }
    }

    /// <summary>Waits until it is given, and takes it; false where it was not given in time.</summary>
    /// <param name="milliseconds">How long to wait; <see cref="Timeout.Infinite"/> for ever.</param>
    public bool Await(int milliseconds = Timeout.Infinite)
    {
        for (int look = 0; look < s_looks + Yields; look++)
        {
            if (_state == Given)
            {
                _state = Taken;
                return true;
            }

            if (look < s_looks)
            {
                Thread.SpinWait(8);
            }
            else
            {
                _ = Thread.Yield();
            }
        }

        if (Interlocked.CompareExchange(ref _state, Asleep, Taken) == Taken && !_alarm.WaitOne(milliseconds))
        {
            if (Interlocked.CompareExchange(ref _state, Taken, Asleep) == Asleep)
            {
                return false;
            }

            _ = _alarm.WaitOne();
        }

        _state = Taken;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _alarm.Dispose();
}
