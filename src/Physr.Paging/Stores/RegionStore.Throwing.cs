// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <content>The kinds, for callers who take a failure for an exception.</content>
public sealed partial class RegionStore
{
    /// <summary>As <see cref="TryMemory"/>.</summary>
    /// <exception cref="ArgumentException">The length is none.</exception>
    /// <exception cref="PhysrException">It cannot be made.</exception>
    public static RegionStore Memory(ulong length) => Made(TryMemory(length, out RegionStore? store, out string reason), "memory", store, reason);

    /// <summary>As <see cref="TryFile"/>.</summary>
    /// <exception cref="ArgumentException">Length or path are none, or what is there cannot be a store.</exception>
    /// <exception cref="PhysrException">It cannot be opened.</exception>
    public static RegionStore File(string path, ulong length, bool create = false, bool allowBuffered = false) =>
        Made(TryFile(path, length, create, allowBuffered, out RegionStore? store, out string reason), path, store, reason);

    /// <summary>As <see cref="TryLz4"/>.</summary>
    /// <exception cref="ArgumentException">The length is none.</exception>
    /// <exception cref="PhysrException">It cannot be made; ENOENT: the message says what to install.</exception>
    public static RegionStore Lz4(ulong length) => Made(TryLz4(length, out RegionStore? store, out string reason), "lz4", store, reason);

    /// <summary>As <see cref="TryZstd"/>.</summary>
    /// <exception cref="ArgumentException">Length or level are none.</exception>
    /// <exception cref="PhysrException">It cannot be made; ENOENT: the message says what to install.</exception>
    public static RegionStore Zstd(ulong length, int level = 3) => Made(TryZstd(length, level, out RegionStore? store, out string reason), "zstd", store, reason);

    /// <summary>As <see cref="TryUser"/>.</summary>
    /// <exception cref="ArgumentException">Length or limit are none, or texts too long.</exception>
    /// <exception cref="PhysrException">There is no such assembly.</exception>
    public static RegionStore User(string assemblyPath, string typeName, string argument, ulong length, TimeSpan? timeLimit = null)
    {
        TimeSpan limit = timeLimit ?? TimeSpan.FromMilliseconds(StoreSpec.UsualTimeLimitMs);
        return Made(TryUser(assemblyPath, typeName, argument, length, limit, out RegionStore? store, out string reason), typeName, store, reason);
    }

    private static RegionStore Made(Errno errno, string name, RegionStore? store, string reason) => errno switch
    {
        Errno.None => store!,
        Errno.EINVAL => throw new ArgumentException(reason),
        _ => throw new PhysrException("open store", name, errno, reason),
    };
}
