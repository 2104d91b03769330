// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;

namespace Physr.Pager;

/// <summary>A region as its client described it: enough to serve it, and to have another pager serve it.</summary>
/// <param name="Client">Whose it is.</param>
/// <param name="Id">The client's number for it.</param>
/// <param name="Description">The bytes of its <see cref="Paging.Protocol.RegionSpec"/>.</param>
/// <param name="Descriptors">What came with it. Once it is served, they belong to that.</param>
internal sealed record RegionRecord(uint Client, uint Id, byte[] Description, SafeFileHandle[] Descriptors) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeFileHandle descriptor in Descriptors)
        {
            descriptor.Dispose();
        }
    }
}
