// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Sockets;

namespace Physr.Pager;

/// <summary>A client: its socket, which all pagers of a line share, so that it does not notice when one dies; and its regions.</summary>
/// <param name="Id">The pagers' number for it.</param>
/// <param name="Socket">Its socket.</param>
internal sealed record ClientRecord(uint Id, DescriptorSocket Socket) : IDisposable
{
    /// <summary>Its regions by its own numbers.</summary>
    public SortedDictionary<uint, RegionRecord> Regions { get; } = [];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RegionRecord region in Regions.Values)
        {
            region.Dispose();
        }

        Socket.Dispose();
    }
}
