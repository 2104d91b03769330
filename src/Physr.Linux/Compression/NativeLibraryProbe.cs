// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Compression;

/// <summary>Whether a library of the system is there, and what to install where it is not.</summary>
internal static class NativeLibraryProbe
{
    /// <summary>Calls a library for the first time.</summary>
    /// <param name="library">Its file's name.</param>
    /// <param name="package">Debian's package that has it.</param>
    /// <param name="version">A call that gives its version.</param>
    /// <param name="least">The oldest that will do.</param>
    /// <param name="reason">What to install; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/> where it is missing or too old.</returns>
    public static Errno TryCall(string library, string package, Func<uint> version, uint least, out string reason)
    {
        try
        {
            uint found = version();
            reason = found >= least ? "" : $"{library} is too old ({found}, {least} is needed): install a later {package}";
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            reason = $"{library} is not installed: apt-get install {package} (on other systems the package that has {library})";
        }

        return reason.Length == 0 ? Errno.None : Errno.ENOENT;
    }
}
