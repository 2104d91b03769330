// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;

namespace Physr.Linux;

/// <summary>What a descriptor that somebody sent really is, as <c>/proc</c> names it: <c>anon_inode:[userfaultfd]</c>, <c>pipe:[17]</c>, <c>/memfd:name (deleted)</c>.</summary>
internal static class DescriptorKind
{
    /// <summary>Asks <c>/proc</c>.</summary>
    /// <returns><see cref="Errno.EBADF"/> for what is closed; <see cref="Errno.ENOENT"/> where there is no <c>/proc</c>.</returns>
    public static Errno TryOf(SafeFileHandle handle, out string kind, out string reason)
    {
        (kind, reason) = ("", "");
        if (handle.IsInvalid || handle.IsClosed)
        {
            reason = "the descriptor is closed";
            return Errno.EBADF;
        }

        bool isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            kind = new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget ?? "";
        }
        finally
        {
            if (isHeld)
            {
                handle.DangerousRelease();
            }
        }

        reason = kind.Length == 0 ? "/proc/self/fd does not say what the descriptor is: mount /proc" : "";
        return kind.Length == 0 ? Errno.ENOENT : Errno.None;
    }
}
