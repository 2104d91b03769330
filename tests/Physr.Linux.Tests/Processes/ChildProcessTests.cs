// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;
using Physr.Linux.Memory;
using Physr.Linux.Processes;
using Physr.Linux.Tests.Infrastructure;

namespace Physr.Linux.Tests.Processes;

/// <summary>A child has the descriptors that it was given and no others, and its end is learned once.</summary>
public sealed class ChildProcessTests
{
    private const string Shell = "/bin/sh";

    [Fact]
    public void AChildHasTheGivenDescriptorsInOrder_AndNoOthers()
    {
        using Pipe pipe = new();
        Assert.Equal(Errno.None, MemoryFile.TryCreate("given", 4096, out MemoryFile? made, out _));
        using MemoryFile file = made!;

        // One that every program would inherit, as a careless library leaves it open.
        using SafeFileHandle leaked = new(LibC.Fcntl(file.Handle, (DescriptorCommand)0, 40), ownsHandle: true);
        Assert.True(leaked.DangerousGetHandle() >= 40);
        string[] output = Run("for f in /proc/$$/fd/*; do echo \"${f##*/} $(readlink $f)\" >&3; done", pipe, [pipe.Writing, file.Handle, pipe.Writing], []).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        // The shell itself has some: where it reads its names, and what its commands write to.
        string[] given = [.. output.Where(line => line.Contains("memfd", StringComparison.Ordinal) || line.EndsWith(pipe.Name, StringComparison.Ordinal) || line.StartsWith("0 ", StringComparison.Ordinal))];
        Assert.Equal(["0 /dev/null", $"3 {pipe.Name}", "4 /memfd:given (deleted)", $"5 {pipe.Name}"], given);
    }

    [Fact]
    public void DescriptorsMayHaveTheNumbersThatOthersGet()
    {
        using Pipe pipe = new();
        Assert.Equal(Errno.None, MemoryFile.TryCreate("low", 4096, out MemoryFile? made, out _));
        using MemoryFile file = made!;

        // As many as there are numbers below the pipe's and above: whatever its number, one of them is given it before it is copied itself, were there no copies in between.
        int before = (int)pipe.Writing.DangerousGetHandle() - ChildProcess.FirstInherited;
        SafeFileHandle[] inherited = [.. Enumerable.Repeat(file.Handle, before + 4), pipe.Writing];
        string output = Run($"readlink /proc/$$/fd/{before + 7} > /proc/$$/fd/{before + 7}", pipe, inherited, []);
        Assert.Equal(pipe.Name, output.Trim());
    }

    [Fact]
    public void NoSignalIsHeldBackOrIgnored_AndTheEnvironmentIsAddedTo()
    {
        using Pipe pipe = new();
        string output = Run("grep -E 'Sig(Blk|Ign)' /proc/self/status >&3; echo \"$PHYSR_ADDED,$PATH,$1\" >&3", pipe, [pipe.Writing], [("PHYSR_ADDED", "a value"), ("PATH", "/usr/bin:/bin")], "an argument");
        // 32 and 33 are the C library's own, which it ignores where nobody needs them.
        output = output.Replace("SigIgn:\t0000000180000000", "SigIgn:\t0000000000000000", StringComparison.Ordinal);
        Assert.Equal(["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "a value,/usr/bin:/bin,an argument"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void TheEndIsLearnedOnce_ExitCodeOrSignal()
    {
        using Pidfd exits = Start("exit 7");
        Assert.Equal(Errno.None, exits.Wait(60_000));
        Assert.True(exits.HasExited);
        Assert.Equal(Errno.None, exits.TryReap(out int status));
        Assert.Equal(7, status);
        Assert.Equal(Errno.ECHILD, exits.TryReap(out _));
        Assert.Equal(Errno.ESRCH, exits.Signal(0));
        using Pidfd sleeps = Start("exec sleep 600");
        Assert.Equal(Errno.EAGAIN, sleeps.TryReap(out _));
        Assert.Equal(Errno.ETIMEDOUT, sleeps.Wait(0));
        Assert.False(sleeps.HasExited);
        Assert.Equal(Errno.None, sleeps.Signal(9));
        Assert.Equal(Errno.None, sleeps.Wait(-1));
        Assert.Equal(Errno.None, sleeps.TryReap(out status));
        Assert.Equal(-9, status);
    }

    [SkippableFact]
    public void ADescriptorOfAnotherProcessIsCopied()
    {
        Assert.Equal(Errno.None, MemoryFile.TryCreate("theirs", 8192, out MemoryFile? made, out _));
        using MemoryFile file = made!;
        Assert.Equal(Errno.None, ChildProcess.TrySpawn("/bin/sleep", ["600"], [file.Handle], [], out int child, out _));
        Assert.Equal(Errno.None, Pidfd.TryOpen(child, out Pidfd? opened));
        using Pidfd pidfd = opened!;
        Errno errno = pidfd.TryGetDescriptor(ChildProcess.FirstInherited, out SafeFileHandle? handle);
        Errno missing = pidfd.TryGetDescriptor(200, out SafeFileHandle? none);
        Assert.Equal(Errno.None, pidfd.Signal(15));
        Assert.Equal(Errno.None, pidfd.Wait(60_000));
        Assert.Equal((Errno.None, -15), (pidfd.TryReap(out int status), status));
        Skip.If(errno == Errno.EPERM, "this process may not trace its child");
        Assert.Equal((Errno.None, Errno.EBADF), (errno, missing));
        Assert.Null(none);
        Assert.Equal(Errno.None, MemoryFile.TryAdopt(handle!, 8192, out MemoryFile? theirs, out _));
        theirs!.Dispose();
    }

    [Fact]
    public void AProgramThatCannotBeStartedIsExplained()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("text"), "no program");
        Refused("/nowhere/at-all", [], Errno.ENOENT, "no such program");
        Refused(folder.File("text"), [], Errno.EACCES, "may not execute");
        Refused(Shell, ["zero\0"], Errno.EINVAL, "zero character");
        using SafeFileHandle closed = new(-1, ownsHandle: true);
        Assert.Equal(Errno.EBADF, ChildProcess.TrySpawn(Shell, [], [closed], [], out int child, out string reason));
        Assert.Equal(0, child);
        Assert.Contains("closed", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.ESRCH, Pidfd.TryOpen(int.MaxValue, out Pidfd? pidfd));
        Assert.Null(pidfd);
    }

    private static void Refused(string path, string[] arguments, Errno expected, string word)
    {
        Assert.Equal(expected, ChildProcess.TrySpawn(path, arguments, [], [], out int child, out string reason));
        Assert.Equal(0, child);
        Assert.Contains(word, reason, StringComparison.Ordinal);
    }

    private static Pidfd Start(string script)
    {
        Errno errno = ChildProcess.TrySpawn(Shell, ["-c", script], [], [], out int child, out string reason);
        Assert.True(errno == Errno.None, reason);
        Assert.Equal(Errno.None, Pidfd.TryOpen(child, out Pidfd? pidfd));
        return pidfd!;
    }

    /// <summary>What a script writes to the pipe, once it has ended well.</summary>
    private static string Run(string script, Pipe pipe, SafeFileHandle[] inherited, (string, string)[] environment, params string[] arguments)
    {
        Errno errno = ChildProcess.TrySpawn(Shell, ["-c", script, "sh", .. arguments], inherited, environment, out int child, out string reason);
        Assert.True(errno == Errno.None, reason);
        Assert.Equal(2, pipe.Descriptors);
        string output = pipe.ReadToEnd();
        Assert.Equal(Errno.None, Pidfd.TryOpen(child, out Pidfd? opened));
        using Pidfd pidfd = opened!;
        Assert.Equal(Errno.None, pidfd.Wait(60_000));
        Assert.Equal((Errno.None, 0), (pidfd.TryReap(out int status), status));
        return output;
    }
}
