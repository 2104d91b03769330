// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>What the pager is told of a region's store; the descriptors that belong to it go with it.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Length">Bytes that it keeps, in whole pages.</param>
internal sealed partial record StoreSpec(StoreKind Kind, ulong Length)
{
    /// <summary>The most bytes that one takes.</summary>
    public const int MostBytes = 4096;

    /// <summary>The most failures of <see cref="Failures"/>.</summary>
    public const int MostFailures = 16;

    /// <summary>How long a call of a user's store may take, in milliseconds, unless it is said.</summary>
    public const int UsualTimeLimitMs = 30_000;

    /// <summary>The compressor's level.</summary>
    public int Level { get; init; }

    /// <summary>Whether a file may be used through the page cache.</summary>
    public bool AllowsBuffered { get; init; }

    /// <summary>How long a call of a user's store may take, in milliseconds.</summary>
    public int TimeLimitMs { get; init; } = UsualTimeLimitMs;

    /// <summary>Of a file, its path, for messages; of a user's store, its assembly.</summary>
    public string Path { get; init; } = "";

    /// <summary>The full name of a user's type.</summary>
    public string TypeName { get; init; } = "";

    /// <summary>What a user's type is made with.</summary>
    public string Argument { get; init; } = "";

    /// <summary>Failures that a test wants.</summary>
    public StoreFailure[] Failures { get; init; } = [];

    /// <summary>How many descriptors go with it.</summary>
    public int Descriptors => Kind switch
    {
        StoreKind.Memory or StoreKind.File => 1,
        StoreKind.Lz4 or StoreKind.Zstd => 2,
        _ => 0,
    };
}
