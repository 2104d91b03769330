// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <content>The device table.</content>
public sealed partial class IommuUnit
{
    /// <summary>What happens to a requester's accesses now, and in which domain they are looked up.</summary>
    /// <param name="requester">Who.</param>
    /// <param name="pasid">Which of its address spaces.</param>
    /// <param name="domain">The domain; null unless translated.</param>
    public IommuMode ModeOf(RequesterId requester, Pasid pasid, out IommuDomain? domain)
    {
        lock (_lock)
        {
            IommuContext? context = _contexts.GetValueOrDefault(KeyOf(requester, pasid));
            domain = context?.Slot?.Domain;
            return context?.Mode ?? IommuMode.None;
        }
    }

    /// <summary>Attaches a requester, which nothing is attached for, to a domain.</summary>
    /// <param name="requester">Who.</param>
    /// <param name="pasid">Which of its address spaces.</param>
    /// <param name="domain">Where its addresses are looked up from now on.</param>
    /// <returns><see cref="Errno.EBUSY"/> where something is attached, <see cref="Errno.EINVAL"/> for a PASID beyond 20 bits or a domain that was disposed of, <see cref="Errno.ENOSPC"/> where the unit
    /// has no domain id left.</returns>
    public Errno Attach(RequesterId requester, Pasid pasid, IommuDomain domain)
    {
        ArgumentNullException.ThrowIfNull(domain);
        return Set(requester, pasid, IommuMode.Translated, domain, mayReplace: false);
    }

    /// <summary>Lets a requester, which nothing is attached for, use physical addresses.</summary>
    /// <returns>As <see cref="Attach"/>.</returns>
    public Errno AttachIdentity(RequesterId requester, Pasid pasid) => Set(requester, pasid, IommuMode.Identity, null, mayReplace: false);

    /// <summary>Refuses whatever a requester asks for, whatever was attached before.</summary>
    /// <returns><see cref="Errno.EINVAL"/> for a PASID beyond 20 bits.</returns>
    public Errno Block(RequesterId requester, Pasid pasid) => Set(requester, pasid, IommuMode.Blocked, null, mayReplace: true);

    /// <summary>Attaches a requester to another domain than before, or to its first: no access falls between the two.</summary>
    /// <returns>As <see cref="Attach"/>, without <see cref="Errno.EBUSY"/>; on failure the old domain stays.</returns>
    public Errno Replace(RequesterId requester, Pasid pasid, IommuDomain domain)
    {
        ArgumentNullException.ThrowIfNull(domain);
        return Set(requester, pasid, IommuMode.Translated, domain, mayReplace: true);
    }

    /// <summary>Takes a requester out of the table: its accesses fault from now on.</summary>
    /// <returns><see cref="Errno.ENOENT"/> where nothing is attached.</returns>
    public Errno Detach(RequesterId requester, Pasid pasid)
    {
        lock (_lock)
        {
            if (!_contexts.Remove(KeyOf(requester, pasid), out IommuContext? old))
            {
                return Errno.ENOENT;
            }

            Forget(old);
            return Errno.None;
        }
    }

    private Errno Set(RequesterId requester, Pasid pasid, IommuMode mode, IommuDomain? domain, bool mayReplace)
    {
        if (pasid.Value >= Pasid.Count || domain is { IsDisposed: true })
        {
            return Errno.EINVAL;
        }

        lock (_lock)
        {
            ulong key = KeyOf(requester, pasid);
            IommuContext? old = _contexts.GetValueOrDefault(key);
            if (old is not null && !mayReplace)
            {
                return Errno.EBUSY;
            }

            IommuDomainSlot? slot = null;
            if (domain is not null && !TryEnter(domain, out slot))
            {
                return Errno.ENOSPC;
            }

            _contexts[key] = new(mode, slot);
            Forget(old);
            return Errno.None;
        }
    }

    private bool TryEnter(IommuDomain domain, out IommuDomainSlot? slot)
    {
        if (!_slots.TryGetValue(domain, out slot))
        {
            if (!_freeIds.TryPop(out ushort id))
            {
                if (_lastId >= _options.MaxDomains)
                {
                    return false;
                }

                id = ++_lastId;
            }

            // From here on the domain's invalidations come to this unit, before the first access of the requester can fill the IOTLB.
            slot = new(domain, id);
            _slots.Add(domain, slot);
            domain.Join(this);
        }

        slot.Rows++;
        return true;
    }

    /// <summary>A row is gone. What was cached for its domain is dropped, as a context-cache invalidation is always followed by one of the IOTLB; after the last row of a
    /// domain its id is free for another.</summary>
    private void Forget(IommuContext? old)
    {
        if (old?.Slot is not { } slot)
        {
            return;
        }

        _domainInvalidations++;
        _dropped += _iotlb.Invalidate(slot.Id);
        if (--slot.Rows == 0)
        {
            _slots.Remove(slot.Domain);
            _freeIds.Push(slot.Id);
            slot.Domain.Leave(this);
        }
    }
}
