// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Linux.Interop;

namespace Physr.Linux.Tests.Infrastructure;

/// <summary>Runs code on a thread of its own, whose rights go with it: to Linux, user and call filter belong to a thread.</summary>
internal static class OwnThread
{
    private const nint Nobody = 65534;

    private static readonly bool s_isX64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Starts it; the task ends with what the code gives or throws.</summary>
    public static Task<T> Start<T>(Func<T> run)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            try
            {
                done.SetResult(run());
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        })
        { IsBackground = true };
        thread.Start();
        return done.Task;
    }

    /// <summary>Runs it and waits, no longer than a minute: what hangs is a failure.</summary>
    public static T Run<T>(Func<T> run) => Result(Start(run));

    /// <summary>What it gave; no longer than a minute is waited.</summary>
    public static T Result<T>(Task<T> task)
    {
        Assert.True(((IAsyncResult)task).AsyncWaitHandle.WaitOne(TimeSpan.FromMinutes(1)), "it hangs");
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Makes the calling thread user 65534's, for ever, where it is root's.</summary>
    public static void BecomeNobody()
    {
        nint setresuid = s_isX64 ? 117 : 147;
        if (Environment.IsPrivilegedProcess)
        {
            Assert.Equal(0, LibC.Syscall(setresuid, Nobody, Nobody, Nobody));
        }
    }

    /// <summary>Makes a call fail with EPERM on the calling thread, for ever, as the profile of a container would.</summary>
    public static unsafe void Forbid(nint call)
    {
        (nint prctl, nint seccomp) = s_isX64 ? (157, 317) : (167, 277);
        const nint NoNewPrivileges = 38;
        Assert.Equal(0, LibC.Syscall(prctl, NoNewPrivileges, 1));

        // Load the number of the call; is it that one? EPERM. Anything else may go on.
        ulong* program = stackalloc ulong[4];
        program[0] = 0x20;
        program[1] = 0x15 | (1UL << 24) | ((ulong)call << 32);
        program[2] = 0x06 | (0x0005_0001UL << 32);
        program[3] = 0x06 | (0x7fff_0000UL << 32);
        nint* header = stackalloc nint[] { 4, (nint)program };
        Assert.Equal(0, LibC.Syscall(seccomp, 1, 0, (nint)header));
    }
}
