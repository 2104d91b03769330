// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Waiting;

/// <summary>Sleeping until a word changes, among all processes that map its page (<c>futex(2)</c>, not private): who changes the word wakes who sleeps.</summary>
/// <remarks>The word is aligned to 4 bytes and in memory that is there: the kernel reads it, and on registered pages (<see cref="Faults.Userfaultfd"/>) that is a fault like any other.</remarks>
public static unsafe class Futex
{
    // SAFETY: the kernel only compares the word and sleeps on its place: a wrong pointer is EFAULT. The caller keeps it mapped.

    /// <summary>Sleeps while the word has a value. Allocates nothing.</summary>
    /// <param name="word">The word.</param>
    /// <param name="expected">The value to sleep on.</param>
    /// <param name="timeoutMs">Milliseconds; below zero, for ever.</param>
    /// <returns><see cref="Errno.None"/> when woken, maybe for nothing: look at the word again; <see cref="Errno.EAGAIN"/> where it had another value; <see cref="Errno.ETIMEDOUT"/>;
    /// <see cref="Errno.EFAULT"/>, <see cref="Errno.EINVAL"/> for such a word.</returns>
    public static Errno Wait(uint* word, uint expected, int timeoutMs)
    {
        Timespec timeout = new() { Seconds = timeoutMs / 1000, Nanoseconds = timeoutMs % 1000 * 1_000_000L };
        nint result = LibC.Syscall(SystemCall.SYS_futex, (nint)word, (nint)FutexCommand.FUTEX_WAIT, (nint)expected, timeoutMs < 0 ? 0 : (nint)(&timeout));
        Errno errno = result == 0 ? Errno.None : LibC.LastError;
        return errno == Errno.EINTR ? Errno.None : errno;
    }

    /// <summary>Wakes who sleeps on a word. Allocates nothing.</summary>
    /// <param name="word">The word, changed already.</param>
    /// <param name="count">How many at most.</param>
    /// <returns>How many were woken; an <see cref="Errno"/> below zero for such a word.</returns>
    public static int Wake(uint* word, int count)
    {
        nint result = LibC.Syscall(SystemCall.SYS_futex, (nint)word, (nint)FutexCommand.FUTEX_WAKE, count);
        return result >= 0 ? (int)result : -(int)LibC.LastError;
    }
}
