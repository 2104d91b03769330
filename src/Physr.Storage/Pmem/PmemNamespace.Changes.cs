// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <content>Changes of the label. Each is there whole or not at all after a power cut.</content>
public sealed partial class PmemNamespace
{
    internal bool IsGone { get; private set; }

    /// <summary>Takes the namespace away. Its bytes stay until somebody else gets them.</summary>
    /// <returns><see cref="Errno.EBUSY"/> while it is enabled; the medium's own errors.</returns>
    public Errno TryDelete(out string reason)
    {
        lock (_region.ManagementLock)
        {
            Errno errno = CheckIdle(out reason);
            errno = errno == Errno.None ? _region.Replace(this, null, out _, out reason) : errno;
            IsGone |= errno == Errno.None;
            return errno;
        }
    }

    /// <summary>Gives it another name.</summary>
    /// <returns><see cref="Errno.EBUSY"/> while it is enabled; <see cref="Errno.EINVAL"/> for a name that is too long; the medium's own errors.</returns>
    public Errno TryRename(string name, out string reason)
    {
        ArgumentNullException.ThrowIfNull(name);
        reason = new NamespaceRequest(NamespaceMode.Raw) { Name = name }.Judge();
        return reason.Length != 0 ? Errno.EINVAL : Change(label => label with { Name = name }, out reason);
    }

    /// <summary>Makes a raw namespace longer, into free space behind it, or shorter.</summary>
    /// <param name="size">Bytes, a multiple of 2 MiB.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EBUSY"/> while it is enabled; <see cref="Errno.EOPNOTSUPP"/> in other modes, whose info blocks state the size; <see cref="Errno.ENOSPC"/>; <see cref="Errno.EINVAL"/>.</returns>
    public Errno TryResize(ulong size, out string reason)
    {
        if (Mode != NamespaceMode.Raw)
        {
            reason = $"{DeviceName}: {Mode} states its size on the medium: reconfigure or make another namespace";
            return Errno.EOPNOTSUPP;
        }

        if (size == 0 || !Alignment.IsAligned(size, PageSize.Size2M))
        {
            reason = $"{size} bytes are no multiple of 2 MiB, at least one: {Math.Max(PageSize.Size2M, Alignment.Down(size, PageSize.Size2M))} would be right";
            return Errno.EINVAL;
        }

        lock (_region.ManagementLock)
        {
            ulong end = Label.Start + Label.Length;
            ulong behind = _region.FreeRuns().FirstOrDefault(run => run.Offset == end).Length;
            if (size > Label.Length + behind || (size > Label.Length && _region.Problems.Count != 0))
            {
                reason = $"{DeviceName}: {behind} bytes behind it are free, so that {Label.Length + behind} are the most{(_region.Problems.Count != 0 ? ", and damaged labels may own them" : "")}";
                return Errno.ENOSPC;
            }

            return Change(label => label with { Length = size }, out reason);
        }
    }

    /// <summary>Gives its bytes to another mode: what was in them is lost. Its identity and place stay.</summary>
    /// <remarks>What the new mode keeps on the medium is stored first, then the label changes, at once: a power cut leaves the old mode, whose own head may be overwritten by then, or the new one.</remarks>
    /// <param name="request">The mode, alignment, map and sector; its size, identity and name are not looked at.</param>
    /// <param name="reason">Why not; empty on success.</param>
    public Errno TryReconfigure(NamespaceRequest request, out string reason)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (_region.ManagementLock)
        {
            NamespaceRequest here = request with { Size = 0, Name = Name };
            Errno errno = CheckIdle(out reason);
            reason = errno == Errno.None ? here.Judge() : reason;
            if (reason.Length == 0 && !Range.Start.IsAligned(here.PlacingUnit))
            {
                reason = $"{DeviceName} begins at {Range.Start}, which is no multiple of {here.PlacingUnit}: make another namespace";
            }

            if (reason.Length != 0)
            {
                return errno == Errno.None ? Errno.EINVAL : errno;
            }

            PmemLabel label = _region.LabelOf(here, Uuid, Label.Start, Label.Length);
            errno = _region.TryPrepare(here, label, out reason);
            errno = errno == Errno.None ? Change(_ => label, out reason) : errno;
            Mode = errno == Errno.None ? here.Mode : Mode;
            return errno;
        }
    }

    private Errno Change(Func<PmemLabel, PmemLabel> change, out string reason)
    {
        lock (_region.ManagementLock)
        {
            Errno errno = CheckIdle(out reason);
            errno = errno == Errno.None ? _region.Replace(this, change(Label), out PmemLabel? stored, out reason) : Nothing(errno, out stored);
            Label = stored ?? Label;
            return errno;
        }
    }

    private Errno CheckIdle(out string reason)
    {
        reason = IsGone || _region.IsDetached ? $"{DeviceName} was deleted, or its region detached" : IsEnabled ? $"{DeviceName} is enabled: disable it first" : "";
        return reason.Length == 0 ? Errno.None : IsEnabled ? Errno.EBUSY : Errno.ENODEV;
    }

    private static Errno Nothing(Errno errno, out PmemLabel? none)
    {
        none = null;
        return errno;
    }
}
