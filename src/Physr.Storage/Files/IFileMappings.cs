// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

/// <summary>Whoever maps files into process memory, or lets devices at their pages: asked before pages of a file lose or change their blocks (the kernel's <c>dax_break_layout</c>,
/// rows R81 and R83).</summary>
public interface IFileMappings
{
    /// <summary>Takes every mapping of the pages away, and waits until nobody has them pinned. The store changes nothing until this returns, and keeps other operations out.</summary>
    /// <remarks>Where pages were a hole or shared and get blocks of their own, the next fault finds the new ones.</remarks>
    /// <param name="file">The file.</param>
    /// <param name="firstPage">The first page of the file, by 4 KiB.</param>
    /// <param name="pages">How many; there may be holes among them.</param>
    /// <returns><see cref="Errno.EBUSY"/> or <see cref="Errno.EINTR"/> where they stay in use: the operation fails with that and leaves everything as it was (row R83c).</returns>
    Errno BeforeExtentsGo(StoreFile file, ulong firstPage, ulong pages);
}
