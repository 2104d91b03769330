// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

/// <summary>When written bytes survive a power cut.</summary>
public enum WriteDurability
{
    /// <summary>When the write returns (<c>O_DSYNC</c>).</summary>
    Durable = 0,

    /// <summary>After the next <see cref="StoreFile.TrySync()"/>. New blocks and the length are durable at once all the same.</summary>
    AfterSync,
}
