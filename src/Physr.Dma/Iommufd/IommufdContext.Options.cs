// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

public sealed partial class IommufdContext
{
    /// <summary>Sets an option (<c>IOMMU_OPTION</c>).</summary>
    /// <param name="option">Which.</param>
    /// <param name="objectId">The address space it belongs to; 0 for the context's own.</param>
    /// <param name="value">See <see cref="IommufdOption"/>.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for an unknown option or an object it does not belong to; <see cref="Errno.EINVAL"/> for an unknown value or one that cannot be set any more;
    /// <see cref="Errno.ENOENT"/> for no such address space; <see cref="Errno.EPERM"/> without the right; <see cref="Errno.EBUSY"/> to change accounting once objects exist;
    /// <see cref="Errno.EADDRINUSE"/> where a mapping breaks the new alignment.</returns>
    public Errno SetOption(IommufdOption option, uint objectId, ulong value)
    {
        switch (option)
        {
            case IommufdOption.RlimitMode when objectId != 0:
                return Errno.EOPNOTSUPP;
            case IommufdOption.RlimitMode:
                return SetRlimitMode(value);
            case IommufdOption.HugePages:
                Errno errno = Find(objectId, out IoAddressSpace? ioas);
                return errno != Errno.None ? errno : value > 1 ? Errno.EINVAL : ioas!.SetHugePages(value == 1);
            default:
                return Errno.EOPNOTSUPP;
        }
    }

    /// <summary>Reads an option.</summary>
    /// <inheritdoc cref="SetOption"/>
    public Errno GetOption(IommufdOption option, uint objectId, out ulong value)
    {
        value = 0;
        switch (option)
        {
            case IommufdOption.RlimitMode when objectId != 0:
                return Errno.EOPNOTSUPP;
            case IommufdOption.RlimitMode:
                value = Accounting == PinAccounting.Process ? 1UL : 0;
                return Errno.None;
            case IommufdOption.HugePages:
                Errno errno = Find(objectId, out IoAddressSpace? ioas);
                value = errno == Errno.None && ioas!.AllowsHugePages ? 1UL : 0;
                return errno;
            default:
                return Errno.EOPNOTSUPP;
        }
    }

    /// <summary>Lets another process own what is mapped and pay for it (<c>IOMMU_IOAS_CHANGE_PROCESS</c>, row R75b): a successor that holds the same files.</summary>
    /// <returns><see cref="Errno.EINVAL"/> where anything but files is mapped; <see cref="Errno.ENOMEM"/> where it cannot pay. On failure nothing changes.</returns>
    public Errno ChangeProcess(IUserMemory successor)
    {
        ArgumentNullException.ThrowIfNull(successor);
        lock (_processLock)
        {
            // While all are frozen no page is pinned or unpinned, so what is charged here is what is uncharged there. Nobody else holds the locks of two at a time.
            List<IoAddressSpace> spaces = Snapshot<IoAddressSpace>().FindAll(static ioas => ioas.TryUse());
            spaces.Sort(static (a, b) => a.Id.CompareTo(b.Id));
            spaces.ForEach(static ioas => ioas.Freeze());
            HashSet<IoPages> pages = [];
            Errno errno = spaces.TrueForAll(ioas => ioas.TryCollectFiles(pages)) ? ChangePayer(pages, successor) : Errno.EINVAL;
            if (errno == Errno.None)
            {
                Volatile.Write(ref _process, successor);
            }

            spaces.ForEach(static ioas => ioas.Thaw());
            spaces.ForEach(static ioas => ioas.EndUse());
            return errno;
        }
    }

    private Errno ChangePayer(HashSet<IoPages> pages, IUserMemory successor)
    {
        List<IoPages> charged = [];
        foreach (IoPages run in pages)
        {
            if (!Passes("charge of a successor") || !run.TryChargeTo(successor))
            {
                charged.ForEach(paid => paid.UnchargeFrom(successor));
                return Errno.ENOMEM;
            }

            charged.Add(run);
        }

        charged.ForEach(paid => paid.ChangePayer(successor));
        return Errno.None;
    }

    private Errno SetRlimitMode(ulong value)
    {
        if (!Options.MayChangeAccounting)
        {
            return Errno.EPERM;
        }

        lock (_lock)
        {
            if (_objects.Count != 0)
            {
                return Errno.EBUSY;
            }

            if (value > 1)
            {
                return Errno.EINVAL;
            }

            _accounting = value == 0 ? PinAccounting.User : PinAccounting.Process;
            return Errno.None;
        }
    }
}
