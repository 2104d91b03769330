// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Files;

namespace Physr.Paging.Stores;

/// <summary>Where a region's pages are while they are not in its window, as the application has it: it keeps the descriptors, so that the bytes outlive the pager.</summary>
/// <remarks>A region takes one over. Without a region, dispose of it.</remarks>
public sealed partial class RegionStore : IDisposable
{
    private readonly FileIdentity? _identity;

    private RegionStore(StoreSpec spec, SafeFileHandle[] handles, FileIdentity? identity = null) => (Spec, Handles, _identity) = (spec, handles, identity);

    /// <summary>Which kind it is.</summary>
    public StoreKind Kind => Spec.Kind;

    /// <summary>Bytes, in whole pages of 4096.</summary>
    public ulong Length => Spec.Length;

    /// <summary>For messages: its kind, and where it is.</summary>
    public string Name => Spec.Kind switch
    {
        StoreKind.File => $"file {Spec.Path}",
        StoreKind.User => $"user store {Spec.TypeName}",
        StoreKind.Lz4 or StoreKind.Zstd => $"{Spec.Kind.ToString().ToLowerInvariant()} store",
        _ => "memory store",
    };

    /// <summary>What the pager is told.</summary>
    internal StoreSpec Spec { get; private init; }

    /// <summary>What goes with it; this object's.</summary>
    internal SafeFileHandle[] Handles { get; }

    /// <summary>Whether the store is still where it was: of a file, whether its path still names it.</summary>
    /// <param name="reason">What became of it; empty on success.</param>
    /// <returns><see cref="Errno.ENOENT"/> where the file has that name no more; <see cref="Errno.EXDEV"/> where another file has it. What is written still goes to the file that was opened.</returns>
    public Errno TryCheckPath(out string reason)
    {
        reason = "";
        return _identity is { } identity ? PageFile.TryCheckPath(Spec.Path, identity, out reason) : Errno.None;
    }

    /// <summary>Closes the descriptors. What only they held is gone; a file stays.</summary>
    public void Dispose() => Array.ForEach(Handles, static handle => handle.Dispose());

    /// <summary>Its name.</summary>
    public override string ToString() => Name;

    /// <summary>The same store for a test that wants failures of it; this one's descriptors are the new one's.</summary>
    internal RegionStore Failing(params StoreFailure[] failures) => new(Spec with { Failures = failures }, Handles, _identity);

    /// <summary>As <see cref="Failing(StoreFailure[])"/>, with another time limit.</summary>
    internal RegionStore Failing(int timeLimitMs, params StoreFailure[] failures) => new(Spec with { Failures = failures, TimeLimitMs = timeLimitMs }, Handles, _identity);

    /// <summary>Other descriptors of the same files, for somebody who closes them.</summary>
    /// <exception cref="PhysrException">Too many files are open.</exception>
    internal SafeFileHandle[] Duplicates()
    {
        List<SafeFileHandle> copies = [];
        foreach (SafeFileHandle handle in Handles)
        {
            Errno errno = Descriptors.TryDuplicate(handle, out SafeFileHandle? copy);
            if (copy is null)
            {
                copies.ForEach(static made => made.Dispose());
                throw new PhysrException("open store", Name, errno, "too many files are open");
            }

            copies.Add(copy);
        }

        return [.. copies];
    }
}
