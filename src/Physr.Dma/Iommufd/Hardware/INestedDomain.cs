// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>A translation whose first stage a guest writes, and whose second stage is a paging domain: every address that the first gives, the second translates
/// (<c>IOMMU_DOMAIN_NESTED</c>). Nothing can be mapped into it from outside. Thread-safe.</summary>
public interface INestedDomain : IIommuDomain
{
    /// <summary>The second stage.</summary>
    IIommuDomain Parent { get; }

    /// <summary>Whether the guest has a PASID table of its own under it: then it answers for page faults under PASIDs that are attached to nothing.</summary>
    bool OwnsPasids { get; }

    /// <summary>Forgets cached parts of the first stage, request by request (<c>cache_invalidate_user</c>).</summary>
    /// <param name="requests">What to forget; maybe none, to ask whether the kind is known.</param>
    /// <param name="done">Requests done, also where a later one is refused.</param>
    /// <returns><see cref="Errno.EINVAL"/> for a kind, a size or a value that is wrong, <see cref="Errno.EOPNOTSUPP"/> for an unknown flag, <see cref="Errno.EFAULT"/>.</returns>
    Errno Invalidate(in InvalidationRequests requests, out uint done);
}
