// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Linux.Interop;

namespace Physr.Linux.Processes;

/// <summary>Which processors threads run on.</summary>
public static class CpuAffinity
{
    private const int MaximumCpus = 8192;
    private const int WordBits = 64;

    /// <summary>Keeps a thread on one processor.</summary>
    /// <param name="threadId">Which (<see cref="ThreadId"/>); 0 is the caller.</param>
    /// <param name="cpu">The processor.</param>
    /// <returns><see cref="Errno.EINVAL"/> where there is no such processor or this process may not use it; <see cref="Errno.ESRCH"/>; <see cref="Errno.EPERM"/>.</returns>
    public static Errno TryPin(int threadId, int cpu) => TryAllow(threadId, [cpu]);

    /// <summary>Keeps a thread on some processors.</summary>
    /// <param name="threadId">Which (<see cref="ThreadId"/>); 0 is the caller.</param>
    /// <param name="cpus">The processors; those that are not there do not count.</param>
    /// <returns><see cref="Errno.EINVAL"/> where none is there that this process may use; <see cref="Errno.ESRCH"/>; <see cref="Errno.EPERM"/>.</returns>
    public static unsafe Errno TryAllow(int threadId, ReadOnlySpan<int> cpus)
    {
        Span<ulong> bits = stackalloc ulong[MaximumCpus / WordBits];
        bits.Clear();
        foreach (int cpu in cpus)
        {
            if ((uint)cpu >= MaximumCpus)
            {
                return Errno.EINVAL;
            }

            bits[cpu / WordBits] |= 1UL << (cpu % WordBits);
        }

        // SAFETY: the kernel reads as many bytes as it is told; they lie in this frame.
        fixed (ulong* first = bits)
        {
            return LibC.SetAffinity(threadId, MaximumCpus / 8, first) == 0 ? Errno.None : LibC.LastError;
        }
    }

    /// <summary>The processors that the caller may run on, ascending.</summary>
    public static unsafe int[] Allowed()
    {
        Span<ulong> bits = stackalloc ulong[MaximumCpus / WordBits];
        bits.Clear();

        // SAFETY: the kernel writes no more bytes than it is told; they lie in this frame.
        fixed (ulong* first = bits)
        {
            if (LibC.GetAffinity(0, MaximumCpus / 8, first) != 0)
            {
                return [];
            }
        }

        List<int> cpus = [];
        for (int word = 0; word < bits.Length; word++)
        {
            for (ulong left = bits[word]; left != 0; left &= left - 1)
            {
                cpus.Add((word * WordBits) + BitOperations.TrailingZeroCount(left));
            }
        }

        return [.. cpus];
    }

    /// <summary>The processor that the caller runs on at this moment.</summary>
    public static int Current() => LibC.GetCpu();

    /// <summary>The caller's number, as the kernel has it.</summary>
    public static int ThreadId() => (int)LibC.Syscall(SystemCall.SYS_gettid);
}
