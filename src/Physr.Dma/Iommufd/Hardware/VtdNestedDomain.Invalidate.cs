// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd.Uapi;

namespace Physr.Dma.Iommufd.Hardware;

/// <content>Forgetting what the guest changed.</content>
public sealed partial class VtdNestedDomain
{
    /// <inheritdoc/>
    public Errno Invalidate(in InvalidationRequests requests, out uint done)
    {
        done = 0;
        if (requests.DataType != InvalidationType)
        {
            return Errno.EINVAL;
        }

        for (; done < requests.Count; done++)
        {
            Errno errno = requests.TryRead(done, out IommuHwptVtdS1Invalidate request);
            errno = errno == Errno.None ? Invalidate(in request) : errno;
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        return Errno.None;
    }

    private Errno Invalidate(in IommuHwptVtdS1Invalidate request)
    {
        if ((request.Flags & ~1U) != 0 || request.Reserved != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        bool isAll = request.Pages == ulong.MaxValue;
        ulong first = request.Address >> VtdStage1Entry.PageShift;
        if ((request.Address & ((1UL << VtdStage1Entry.PageShift) - 1)) != 0 || (isAll && request.Address != 0))
        {
            return Errno.EINVAL;
        }

        lock (_lock)
        {
            if (isAll || request.Pages > CacheCapacity)
            {
                _cache.Clear();
                return Errno.None;
            }

            // A large leaf is remembered page by page; any of its addresses stands for all of it, as in the hardware's cache.
            foreach ((ulong page, VtdStage1Leaf leaf) in _cache)
            {
                ulong leafFirst = leaf.Leaf.Start.Value >> VtdStage1Entry.PageShift;
                ulong leafPages = leaf.Leaf.Length >> VtdStage1Entry.PageShift;
                if (leafFirst < first + request.Pages && first < leafFirst + leafPages)
                {
                    _cache.Remove(page);
                }
            }
        }

        return Errno.None;
    }
}
