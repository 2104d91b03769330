// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <content>What may become visible through an MMU (mission text 004, row R87).</content>
public sealed partial class MemoryMap
{
    /// <summary>Whether a range may be mapped into a process: every frame of it needs a page descriptor and must be addressable by the CPU. Memory hidden behind a
    /// provider, a RAID or a driver needs neither, as long as it stays hidden.</summary>
    /// <param name="range">The bytes; not empty.</param>
    /// <param name="reason">Which bytes may not, why, and what to do; empty on success.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.EOPNOTSUPP"/> for bytes without descriptors; <see cref="Errno.ENXIO"/> for memory the CPU cannot address;
    /// <see cref="Errno.EINVAL"/> for an empty range.</returns>
    public Errno CheckMmuMapping(PhysicalRange range, out string reason)
    {
        reason = "";
        if (range.IsEmpty)
        {
            reason = "an empty range cannot be mapped";
            return Errno.EINVAL;
        }

        PhysicalAddress at = range.Start;
        while (at.Value < range.End.Value)
        {
            if (TryFindOwner(at, out Owner owner) && owner.Provider.IsRam)
            {
                at = new(Math.Min(range.End.Value, at.Value + owner.RemainingBytes));
                continue;
            }

            if (!TryGetPagemap(at.Frame, out PagemapReference reference))
            {
                reason = $"{Resource.Bracketed(range)}: the bytes from {at} on have no page descriptors; register a pagemap over them before they become visible, or keep them hidden";
                return Errno.EOPNOTSUPP;
            }

            using (reference)
            {
                if (!reference.Pagemap.Attributes.IsCpuAddressable)
                {
                    reason = $"{Resource.Bracketed(range)}: {reference.Pagemap} holds memory the CPU cannot address; its place in a page table is a special entry, not a mapping";
                    return Errno.ENXIO;
                }
            }

            // Metadata of an altmap is no data: it is found frame by frame, and a look-up fails above.
            at = at.AlignDown(PageSize.Size4K).Add(PageSize.Size4K);
        }

        return Errno.None;
    }
}
