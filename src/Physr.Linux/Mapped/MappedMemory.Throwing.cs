// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Memory;

namespace Physr.Linux.Mapped;

/// <content>The same for those who have nothing better to do about a failure than to throw. Each throws a <see cref="PhysrException"/> where its <c>Try</c> form has a result.</content>
public sealed partial class MappedMemory
{
    /// <summary>As <see cref="TryOpen(string, MappedMemoryOptions, out MappedMemory?, out string)"/>.</summary>
    /// <exception cref="PhysrException">It cannot be mapped.</exception>
    public static MappedMemory Open(string path, MappedMemoryOptions options) => Demand("map a file", TryOpen(path, options, out MappedMemory? memory, out string reason), path, reason, memory);

    /// <summary>As <see cref="TryOpen(SafeFileHandle, MappedMemoryOptions, out MappedMemory?, out string)"/>.</summary>
    /// <exception cref="PhysrException">It cannot be mapped.</exception>
    public static MappedMemory Open(SafeFileHandle file, MappedMemoryOptions options) => Demand("map a file", TryOpen(file, options, out MappedMemory? memory, out string reason), "", reason, memory);

    /// <summary>As <see cref="TryCreate"/>.</summary>
    /// <exception cref="PhysrException">It cannot be made.</exception>
    public static MappedMemory Create(string path, MappedMemoryOptions options) => Demand("make a mapped file", TryCreate(path, options, out MappedMemory? memory, out string reason), path, reason, memory);

    /// <summary>As <see cref="TryCreateInMemory"/>.</summary>
    /// <exception cref="PhysrException">It cannot be made.</exception>
    public static MappedMemory CreateInMemory(string name, MappedMemoryOptions options) =>
        Demand("make a file in memory", TryCreateInMemory(name, options, out MappedMemory? memory, out string reason), name, reason, memory);

    /// <summary>As <see cref="TryAllocate"/>.</summary>
    /// <exception cref="PhysrException">It cannot be had.</exception>
    public static MappedMemory Allocate(MappedMemoryOptions options) => Demand("map memory", TryAllocate(options, out MappedMemory? memory, out string reason), "", reason, memory);

    /// <summary>As <see cref="TryPersist"/>.</summary>
    /// <exception cref="PhysrException">They are not durable.</exception>
    public void Persist(nuint offset, nuint length) => Demand("persist", TryPersist(offset, length, out string reason), Name, reason, this);

    /// <summary>As <see cref="TryAdvise"/>.</summary>
    /// <exception cref="PhysrException">The kernel refused.</exception>
    public void Advise(nuint offset, nuint length, MemoryAdvice advice) => Demand("advise", TryAdvise(offset, length, advice, out string reason), Name, reason, this);

    /// <summary>As <see cref="TryPrefetch"/>.</summary>
    /// <exception cref="PhysrException">The kernel refused.</exception>
    public void Prefetch(nuint offset, nuint length) => Demand("prefetch", TryPrefetch(offset, length, out string reason), Name, reason, this);

    /// <summary>As <see cref="TryPopulate"/>.</summary>
    /// <exception cref="PhysrException">Some cannot be had.</exception>
    public void Populate(nuint offset, nuint length, bool forStores = false) => Demand("populate", TryPopulate(offset, length, forStores, out string reason), Name, reason, this);

    /// <summary>As <see cref="TryDiscard"/>.</summary>
    /// <exception cref="PhysrException">They are still there.</exception>
    public void Discard(nuint offset, nuint length) => Demand("discard", TryDiscard(offset, length, out string reason), Name, reason, this);

    /// <summary>As <see cref="TryLock"/>.</summary>
    /// <exception cref="PhysrException">They are not all locked.</exception>
    public void Lock(nuint offset, nuint length) => Demand("lock", TryLock(offset, length, out string reason), Name, reason, this);

    /// <summary>As <see cref="TryUnlock"/>.</summary>
    /// <exception cref="PhysrException">The kernel refused.</exception>
    public void Unlock(nuint offset, nuint length) => Demand("unlock", TryUnlock(offset, length, out string reason), Name, reason, this);

    /// <summary>As <see cref="TryResize"/>.</summary>
    /// <exception cref="PhysrException">It is as it was.</exception>
    public void Resize(nuint length) => Demand("resize", TryResize(length, out string reason), Name, reason, this);

    /// <summary>Throws what is no success.</summary>
    internal static T Demand<T>(string operation, Errno errno, string name, string reason, T? value)
        where T : class
    {
        if (errno == Errno.None)
        {
            return value!;
        }

        // The reason names its object and its error, and so does the exception: once is enough.
        int colon = name.Length != 0 && reason.StartsWith(name + ": ", StringComparison.Ordinal) ? name.Length : reason.IndexOf(": ", StringComparison.Ordinal);
        string target = reason[..int.Max(colon, 0)];
        string detail = reason[(colon < 0 ? 0 : colon + 2)..];
        string again = $"{errno}: ";
        throw new PhysrException(operation, target, errno, detail.StartsWith(again, StringComparison.Ordinal) ? detail[again.Length..] : detail);
    }
}
