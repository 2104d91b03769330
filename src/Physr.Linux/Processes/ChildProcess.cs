// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Collections;
using Microsoft.Win32.SafeHandles;

namespace Physr.Linux.Processes;

/// <summary>Starts programs with descriptors of this process, which <see cref="System.Diagnostics.Process"/> cannot give them.</summary>
/// <remarks>The child belongs to the caller: wait for it with <see cref="Pidfd"/>, or it stays a zombie until this process ends.</remarks>
public static class ChildProcess
{
    /// <summary>The number that the first inherited descriptor has in the child.</summary>
    public const int FirstInherited = 3;

    /// <summary>Starts a program. It has <c>/dev/null</c> to read from, this process's output and error, and the given descriptors under the numbers 3, 4, and so on; no others. Signals do there what they
    /// do by default, and none is held back.</summary>
    /// <param name="path">The program; no search along <c>PATH</c>.</param>
    /// <param name="arguments">Its arguments, after its name.</param>
    /// <param name="inherited">The descriptors, which stay open here too.</param>
    /// <param name="environmentAdditions">Names and values beside this process's environment, or in place of what it has.</param>
    /// <param name="processId">The child; 0 on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/>, <see cref="Errno.EACCES"/>, <see cref="Errno.ENOEXEC"/> for such a program; <see cref="Errno.EINVAL"/> for a zero character; <see cref="Errno.E2BIG"/>;
    /// <see cref="Errno.EAGAIN"/> where no more processes may be; <see cref="Errno.EBADF"/>; <see cref="Errno.ENOSYS"/> before glibc 2.34.</returns>
    public static Errno TrySpawn(string path, string[] arguments, ReadOnlySpan<SafeFileHandle> inherited, (string Name, string Value)[] environmentAdditions, out int processId, out string reason)
    {
        processId = 0;
        if (path.Contains('\0') || arguments.Any(static argument => argument.Contains('\0')) || environmentAdditions.Any(static pair => (pair.Name + pair.Value).Contains('\0') || pair.Name.Contains('=')))
        {
            reason = "a path, an argument or a value with a zero character in it, or a name with '=', cannot be handed over";
            return Errno.EINVAL;
        }

        using SpawnPlan plan = new();
        Errno errno = plan.TryInherit(inherited, FirstInherited);
        if (errno == Errno.None)
        {
            errno = plan.TryStart(path, [path, .. arguments], [.. Environment(environmentAdditions)], out processId);
        }

        reason = errno switch
        {
            Errno.None => "",
            Errno.ENOENT => $"{path}: there is no such program, or not the interpreter that it names",
            Errno.EACCES => $"{path}: this user may not execute it",
            Errno.ENOEXEC => $"{path}: this machine cannot run it",
            Errno.E2BIG => $"{path}: arguments and environment are too long",
            Errno.EAGAIN => $"{path}: no more processes may be (RLIMIT_NPROC, pids.max)",
            Errno.EBADF => $"{path}: a descriptor to inherit is closed",
            Errno.EMFILE => $"{path}: too many files are open",
            Errno.ENOSYS => "the C library has no posix_spawn_file_actions_addclosefrom_np: glibc 2.34 is needed",
            _ => $"{path}: the kernel says {errno}",
        };
        return errno;
    }

    private static IEnumerable<string> Environment((string Name, string Value)[] additions)
    {
        foreach (DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
        {
            if (!additions.Any(pair => string.Equals(pair.Name, (string)entry.Key, StringComparison.Ordinal)))
            {
                yield return $"{entry.Key}={entry.Value}";
            }
        }

        foreach ((string name, string value) in additions)
        {
            yield return $"{name}={value}";
        }
    }
}
