// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Mapped;

/// <summary>Who uses something that is going to be let go of or moved: any number at once, or one alone who moves it. Whoever closes it waits for nobody; the last user lets go then.</summary>
/// <remarks>One word: the sign is <em>closed</em>, the next bit is <em>alone</em>, the rest counts users. A field, never copied.</remarks>
internal struct LeaseCounter
{
    private const int Closed = int.MinValue;
    private const int Alone = 1 << 30;

    private int _state;

    /// <summary>Whether it was closed: nobody new comes in.</summary>
    public readonly bool IsClosed => Volatile.Read(in _state) < 0;

    /// <summary>Users at this moment.</summary>
    public readonly int Count => Volatile.Read(in _state) & (Alone - 1);

    /// <summary>Comes in; waits while somebody moves it, which is a few system calls. False: it is closed.</summary>
    public bool TryEnter()
    {
        SpinWait wait = default;
        while (true)
        {
            int state = Volatile.Read(ref _state);
            if (state < 0)
            {
                return false;
            }

            if ((state & Alone) != 0)
            {
                wait.SpinOnce();
            }
            else if (Interlocked.CompareExchange(ref _state, state + 1, state) == state)
            {
                return true;
            }
        }
    }

    /// <summary>Comes in once more, on behalf of somebody who is in; also where it is closed. False: nobody is in.</summary>
    public bool TryEnterAgain()
    {
        while (true)
        {
            int state = Volatile.Read(ref _state);
            if ((state & (Alone - 1)) == 0)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _state, state + 1, state) == state)
            {
                return true;
            }
        }
    }

    /// <summary>Comes in as the only one.</summary>
    /// <returns><see cref="Errno.ENODEV"/> where it is closed, <see cref="Errno.EBUSY"/> where somebody is in.</returns>
    public Errno TryEnterAlone() => Interlocked.CompareExchange(ref _state, Alone, 0) switch
    {
        0 => Errno.None,
        < 0 => Errno.ENODEV,
        _ => Errno.EBUSY,
    };

    /// <summary>Goes. True: it was closed meanwhile and this was the last, who has to let go.</summary>
    public bool Exit() => Interlocked.Decrement(ref _state) == Closed;

    /// <summary>Goes, having been alone. True: it was closed meanwhile, and is to be let go of.</summary>
    public bool ExitAlone() => Interlocked.And(ref _state, ~Alone) < 0;

    /// <summary>Closes. True: nobody is in, and it is to be let go of now, by the caller.</summary>
    public bool Close() => Interlocked.Or(ref _state, Closed) == 0;
}
