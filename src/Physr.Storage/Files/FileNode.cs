// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

/// <summary>What is known of one file.</summary>
internal sealed class FileNode(ulong id, string name)
{
    public ulong Id => id;

    public string Name { get; set; } = name;

    public ulong Length { get; set; }

    public ExtentMap Extents { get; } = new();

    /// <summary>Pages of 4 KiB that the length reaches into.</summary>
    public ulong Pages => (Length + PageSize.Size4K - 1) >> PageSize.Shift4K;

    /// <summary>The file as its users see it; null until somebody opened it.</summary>
    public StoreFile? Handle { get; set; }
}
