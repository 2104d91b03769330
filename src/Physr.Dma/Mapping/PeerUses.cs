// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Memory;

namespace Physr.Dma.Mapping;

/// <summary>The streaming mappings of peers' memory that no IOMMU knows of: bus addresses, and physical ones without an IOMMU. Each holds a use of its provider, which has to be found
/// again by address.</summary>
internal sealed class PeerUses
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(uint Device, ulong Address, ulong Length), (P2PProvider Provider, long Count)> _uses = [];

    public void Add(DmaDevice device, DmaAddress address, ulong length, P2PProvider provider)
    {
        lock (_lock)
        {
            ref (P2PProvider Provider, long Count) use = ref CollectionsMarshal.GetValueRefOrAddDefault(_uses, (device.Ordinal, address.Value, length), out _);
            use = (provider, use.Count + 1);
        }
    }

    /// <summary>Forgets one mapping; the caller releases its use.</summary>
    /// <returns>False where there is none of that device, address and length.</returns>
    public bool TryRemove(DmaDevice device, DmaAddress address, ulong length, out P2PProvider? provider)
    {
        provider = null;
        (uint, ulong, ulong) key = (device.Ordinal, address.Value, length);
        lock (_lock)
        {
            if (!_uses.TryGetValue(key, out (P2PProvider Provider, long Count) use))
            {
                return false;
            }

            provider = use.Provider;
            if (use.Count == 1)
            {
                _uses.Remove(key);
            }
            else
            {
                _uses[key] = (use.Provider, use.Count - 1);
            }

            return true;
        }
    }
}
