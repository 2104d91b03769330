// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <content>What bytes are, whoever maps them (row R82).</content>
public sealed partial class AddressSpace
{
    /// <summary>Finds what an address shows, bringing the page in: the file and the place in it, or the process's own memory (<c>get_futex_key</c>).</summary>
    /// <param name="address">Any.</param>
    /// <param name="identity">The identity: two aliases of a page of a file, in whatever processes, have the same one.</param>
    /// <returns><see cref="Errno.EFAULT"/> where nothing can be had there; <see cref="Errno.ENOMEM"/>; <see cref="Errno.EHWPOISON"/>.</returns>
    public Errno TryIdentify(VirtualAddress address, out MemoryIdentity identity)
    {
        ThrowIfDisposed();
        identity = default;
        _lock.EnterRead();
        try
        {
            VirtualMemoryArea? area = address.Value < End ? Find(address.Value) : null;
            if (area is null || !area.Has(VmFlags.Read))
            {
                return Errno.EFAULT;
            }

            bool isWritable = area.Has(VmFlags.Write);
            AccessOutcome outcome = BringIn(area, address.Value, isWritable ? FaultKind.Write : FaultKind.Read);
            if (outcome != AccessOutcome.Done)
            {
                return outcome == AccessOutcome.OutOfMemory ? Errno.ENOMEM : outcome == AccessOutcome.Poisoned ? Errno.EHWPOISON : Errno.EFAULT;
            }

            // What a private area wrote is the process's own, as anonymous memory is.
            PageEntry entry = EntryOf(address.Value);
            bool isOwn = area.IsAnonymous || (!area.Has(VmFlags.Shared) && (isWritable || (entry.IsPresent && !entry.IsSpecial && Memory.PageOf(entry.Key).Head.IsAnonymous)));
            identity = new(isOwn ? this : area.File!, isOwn ? address.Value >> PageSize.Shift4K : area.IndexOf(address.Value), (uint)(address.Value & (PageSize.Size4K - 1)));
            return Errno.None;
        }
        finally
        {
            _lock.ExitRead();
        }
    }
}
