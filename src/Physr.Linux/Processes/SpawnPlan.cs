// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Processes;

/// <summary>What happens in a child before its program starts, and the memory that says so.</summary>
internal sealed unsafe class SpawnPlan : IDisposable
{
    // SAFETY: glibc keeps pointers to what its structures own, and none to the structures: they may lie in an object that the collector moves. Each is made in the constructor and undone once.
    private readonly List<SafeFileHandle> _copies = [];
    private SpawnActions _actions;
    private SpawnAttributes _attributes;

    /// <summary>Makes an empty one.</summary>
    public SpawnPlan()
    {
        _ = LibC.InitializeActions(ref _actions);
        _ = LibC.InitializeAttributes(ref _attributes);
    }

    /// <summary>Plans the descriptors of the child.</summary>
    public Errno TryInherit(ReadOnlySpan<SafeFileHandle> inherited, int first)
    {
        Errno errno = LibC.AddOpen(ref _actions, 0, "/dev/null", OpenFlags.O_RDONLY, 0);
        for (int index = 0; index < inherited.Length && errno == Errno.None; index++)
        {
            if (inherited[index].IsInvalid || inherited[index].IsClosed)
            {
                return Errno.EBADF;
            }

            // A copy above all the numbers to be given: none of them is overwritten before it is copied.
            nint copy = LibC.Fcntl(inherited[index], DescriptorCommand.F_DUPFD_CLOEXEC, first + inherited.Length);
            if (copy < 0)
            {
                return LibC.LastError;
            }

            _copies.Add(new(copy, ownsHandle: true));
            errno = LibC.AddDuplicate(ref _actions, _copies[^1], first + index);
        }

        try
        {
            return errno == Errno.None ? LibC.AddCloseFrom(ref _actions, first + inherited.Length) : errno;
        }
        catch (EntryPointNotFoundException)
        {
            return Errno.ENOSYS;
        }
    }

    /// <summary>Starts the program.</summary>
    public Errno TryStart(string path, string[] arguments, string[] environment, out int processId)
    {
        SignalSet none = default;
        SignalSet all = default;
        _ = LibC.FillSet(ref all);
        Errno errno = LibC.SetSignalMask(ref _attributes, none);
        errno = errno == Errno.None ? LibC.SetSignalDefaults(ref _attributes, all) : errno;
        errno = errno == Errno.None ? LibC.SetFlags(ref _attributes, SpawnFlags.POSIX_SPAWN_SETSIGMASK | SpawnFlags.POSIX_SPAWN_SETSIGDEF) : errno;
        processId = 0;
        if (errno != Errno.None)
        {
            return errno;
        }

        nint[] strings = new nint[arguments.Length + environment.Length + 2];
        try
        {
            // Both lists end with a null, which the array has already.
            for (int index = 0; index < arguments.Length; index++)
            {
                strings[index] = Marshal.StringToCoTaskMemUTF8(arguments[index]);
            }

            for (int index = 0; index < environment.Length; index++)
            {
                strings[arguments.Length + 1 + index] = Marshal.StringToCoTaskMemUTF8(environment[index]);
            }

            fixed (nint* first = strings)
            {
                errno = LibC.Spawn(out int started, path, ref _actions, ref _attributes, first, first + arguments.Length + 1);
                processId = errno == Errno.None ? started : 0;
                return errno;
            }
        }
        finally
        {
            foreach (nint text in strings)
            {
                Marshal.FreeCoTaskMem(text);
            }
        }
    }

    /// <summary>Lets go of all of it.</summary>
    public void Dispose()
    {
        foreach (SafeFileHandle copy in _copies)
        {
            copy.Dispose();
        }

        _ = LibC.DestroyActions(ref _actions);
        _ = LibC.DestroyAttributes(ref _attributes);
    }
}
