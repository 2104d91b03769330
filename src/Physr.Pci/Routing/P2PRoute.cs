// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma;

namespace Physr.Pci.Routing;

/// <summary>The verdict for one provider and one client, without its reasons: small, and made without allocation.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct P2PRoute
{
    private readonly byte _mapType;
    private readonly byte _flags;
    private readonly ushort _pathDistance;
    private readonly ushort _redirects;

    internal P2PRoute(P2PMapType mapType, int pathDistance, int redirects, bool hasCommonBridge, bool isAssumed)
    {
        _mapType = (byte)mapType;
        _pathDistance = checked((ushort)pathDistance);
        _redirects = checked((ushort)redirects);
        _flags = (byte)((hasCommonBridge ? 1 : 0) | (isAssumed ? 2 : 0));
    }

    /// <summary>How the client may reach the provider; <see cref="P2PMapType.NotSupported"/> for never.</summary>
    public P2PMapType MapType => (P2PMapType)_mapType;

    /// <summary>Hops between the two, refused or not (rows R49a, R49b).</summary>
    public int PathDistance => _pathDistance;

    /// <summary>Hops between the two; −1 where not supported (row R49d).</summary>
    public int Distance => MapType == P2PMapType.NotSupported ? -1 : _pathDistance;

    /// <summary>How many functions on the way redirect; 0 where no bridge is common.</summary>
    public int RedirectCount => _redirects;

    /// <summary>Whether the two are one function, or below one bridge.</summary>
    public bool HasCommonBridge => (_flags & 1) != 0;

    /// <summary>Whether the verdict rests on ACS registers that could not be read.</summary>
    public bool IsAssumed => (_flags & 2) != 0;
}
