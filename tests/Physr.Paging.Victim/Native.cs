// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Paging.Victim;

/// <summary>Native code that touches memory, called in both ways that there are.</summary>
internal static unsafe partial class Native
{
    /// <summary>As programs call it: whoever is in there keeps no collection waiting.</summary>
    [LibraryImport("libc", EntryPoint = "memcpy")]
    public static partial void* Copy(void* destination, void* source, nuint length);

    /// <summary><c>madvise(2)</c> with <c>MADV_REMOVE</c>: takes pages out of a shared file in memory.</summary>
    public static void Remove(byte* address, nuint length)
    {
        // SAFETY: what is no mapping of the caller's is an error of the call.
        const int advice = 9;
        if (Advise(address, length, advice) != 0)
        {
            throw new InvalidOperationException($"madvise: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <summary>As nobody may call it who does not know how long it takes: a collection waits for its end.</summary>
#pragma warning disable RS0030 // Banned in Physr for what it does, and here to be seen doing it.
    [LibraryImport("libc", EntryPoint = "memcpy")]
    [SuppressGCTransition]
#pragma warning restore RS0030
    public static partial void* CopyWithoutTransition(void* destination, void* source, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(void* address, nuint length, int advice);
}
