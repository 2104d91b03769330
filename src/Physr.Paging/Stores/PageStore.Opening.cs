// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Files;
using Physr.Linux.Memory;

namespace Physr.Paging.Stores;

/// <content>Opening what a client described.</content>
internal abstract partial class PageStore
{
    /// <summary>Opens a store, new or used before, and believes nothing of what is said of it.</summary>
    /// <param name="spec">What it is.</param>
    /// <param name="handles">Its descriptors, which are the store's from here on: on failure they are closed.</param>
    /// <param name="regionLength">Bytes of the region, in whole pages: no more than the store has.</param>
    /// <param name="store">The store; null on failure.</param>
    /// <param name="reason">What is wrong, and what would be right; empty on success.</param>
    public static Errno TryOpen(StoreSpec spec, ReadOnlySpan<SafeFileHandle> handles, ulong regionLength, out PageStore? store, out string reason)
    {
        Errno errno = TryOpenKind(spec, handles, regionLength, out store, out reason);
        if (store is null)
        {
            foreach (SafeFileHandle handle in handles)
            {
                handle.Dispose();
            }
        }
        else if (spec.Failures.Length != 0)
        {
            store = new FailingStore(store, spec);
        }

        return errno;
    }

    private static Errno TryOpenKind(StoreSpec spec, ReadOnlySpan<SafeFileHandle> handles, ulong length, out PageStore? store, out string reason)
    {
        store = null;
        if (length == 0 || length % PageBytes != 0 || length > spec.Length)
        {
            reason = $"the region has {length} bytes, and its store {spec.Length}: the region's are whole pages of {PageBytes}, and no more than the store's";
            return Errno.EINVAL;
        }

        if (handles.Length != spec.Descriptors)
        {
            reason = $"a {spec.Kind} store comes with {spec.Descriptors} descriptors, and {handles.Length} came";
            return Errno.EINVAL;
        }

        switch (spec.Kind)
        {
            case StoreKind.Memory:
                Errno errno = MemoryFile.TryAdopt(handles[0], length, out MemoryFile? memory, out reason);
                errno = errno == Errno.None ? Give(MemoryStore.TryOpen(memory!, length, out MemoryStore? memoryStore, out reason), memoryStore, out store) : errno;
                return errno;
            case StoreKind.File:
                errno = PageFile.TryAdopt(handles[0], length, spec.AllowsBuffered ? PageFileOptions.AllowBuffered : PageFileOptions.None, out PageFile? file, out reason);
                store = file is null ? null : new FileStore(file);
                return errno;
            case StoreKind.User:
                return Give(UserStore.TryOpen(spec, length, out UserStore? user, out reason), user, out store);
            default:
                return TryOpenCompressed(spec, handles, out store, out reason);
        }
    }

    private static Errno TryOpenCompressed(StoreSpec spec, ReadOnlySpan<SafeFileHandle> handles, out PageStore? store, out string reason)
    {
        store = null;
        ulong length = spec.Length;
        if (length > CompressedStore.MostLength)
        {
            reason = $"a compressed store has {CompressedStore.MostLength} bytes at most, and {length} are asked for";
            return Errno.EINVAL;
        }

        // All of the store, also where the region has less: what is free follows from the whole index.
        MemoryFile? blobs = null;
        Errno errno = MemoryFile.TryAdopt(handles[0], CompressedStore.IndexBytes(length), out MemoryFile? index, out reason);
        errno = errno == Errno.None ? MemoryFile.TryAdopt(handles[1], BlobSpace.FileBytes(length), out blobs, out reason) : errno;
        return errno == Errno.None ? Give(CompressedStore.TryOpen(spec.Kind, spec.Level, index!, blobs!, length, out CompressedStore? compressed, out reason), compressed, out store) : errno;
    }

    private static Errno Give(Errno errno, PageStore? opened, out PageStore? store)
    {
        store = opened;
        return errno;
    }
}
