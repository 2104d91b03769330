// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>An I/O address space as VFIO's type-1 IOMMU: programs written for VFIO containers work on a context unchanged (section 4.2, "VFIO compat"). It works on the context's
/// <see cref="IommufdContext.VfioAddressSpace"/>. Thread-safe.</summary>
public sealed partial class VfioType1
{
    private readonly IommufdContext _context;
    private readonly IUserMemory _process;
    private readonly VfioType1Options _options;

    /// <summary>Opens the view for a process.</summary>
    /// <param name="context">The context.</param>
    /// <param name="process">Whose memory is mapped.</param>
    /// <param name="options">Null for the defaults.</param>
    public VfioType1(IommufdContext context, IUserMemory process, VfioType1Options? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(process);
        _context = context;
        _process = process;
        _options = options ?? new();
    }

    /// <summary>Whether something is offered.</summary>
    public bool Offers(VfioExtension extension) => extension switch
    {
        VfioExtension.Type1 or VfioExtension.Type1V2 or VfioExtension.UnmapAll => true,
        VfioExtension.DmaCoherent => _context.VfioAddressSpace is { } ioas && IsCoherent(ioas),
        _ => false,
    };

    /// <summary>Chooses between the two versions. The first may unmap a mapping in part, for which it gives up large leaves.</summary>
    /// <param name="type"><see cref="VfioExtension.Type1"/> or <see cref="VfioExtension.Type1V2"/>.</param>
    /// <returns><see cref="Errno.EINVAL"/> for anything else; <see cref="Errno.ENODEV"/> where the context has no address space for VFIO; what setting the option answers.</returns>
    public Errno SetIommu(VfioExtension type)
    {
        if (type is not (VfioExtension.Type1 or VfioExtension.Type1V2))
        {
            return Errno.EINVAL;
        }

        return _context.VfioAddressSpace is not { } ioas ? Errno.ENODEV
            : type == VfioExtension.Type1 ? ioas.SetHugePages(allowed: false)
            : Errno.None;
    }

    /// <summary>Maps memory of the process at an address.</summary>
    /// <param name="user">The first byte.</param>
    /// <param name="iova">Where to.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="flags">How.</param>
    /// <returns><see cref="Errno.EINVAL"/> for an unknown flag or none; <see cref="Errno.ENODEV"/>; <see cref="Errno.ENOSPC"/> at the limit of mappings; what mapping answers.</returns>
    public Errno Map(VirtualAddress user, DmaAddress iova, ulong length, VfioMapFlags flags)
    {
        const VfioMapFlags Known = VfioMapFlags.Read | VfioMapFlags.Write;
        if ((flags & ~Known) != VfioMapFlags.None || flags == VfioMapFlags.None)
        {
            return Errno.EINVAL;
        }

        if (_context.VfioAddressSpace is not { } ioas)
        {
            return Errno.ENODEV;
        }

        IoMapFlags how = IoMapFlags.FixedIova;
        how |= flags.HasFlag(VfioMapFlags.Read) ? IoMapFlags.Readable : IoMapFlags.None;
        how |= flags.HasFlag(VfioMapFlags.Write) ? IoMapFlags.Writeable : IoMapFlags.None;
        return _options.EntryLimit is { } limit && (uint)ioas.AreaCount >= limit ? Errno.ENOSPC : ioas.Map(user, length, ref iova, how, _process);
    }

    /// <summary>Unmaps a range, or everything.</summary>
    /// <param name="iova">The first address.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="flags"><see cref="VfioUnmapFlags.All"/>, and then address and length are 0, or nothing.</param>
    /// <param name="unmapped">Bytes unmapped; none is no failure.</param>
    /// <returns><see cref="Errno.EINVAL"/> for another flag or a range given with <see cref="VfioUnmapFlags.All"/>; <see cref="Errno.ENODEV"/>; <see cref="Errno.ENOENT"/> for a part
    /// of a mapping, where the second version is chosen; what unmapping answers.</returns>
    public Errno Unmap(DmaAddress iova, ulong length, VfioUnmapFlags flags, out ulong unmapped)
    {
        unmapped = 0;
        if (flags is not (VfioUnmapFlags.None or VfioUnmapFlags.All))
        {
            return Errno.EINVAL;
        }

        return _context.VfioAddressSpace is not { } ioas ? Errno.ENODEV
            : flags == VfioUnmapFlags.None ? UnmapRange(ioas, iova, length, out unmapped)
            : iova.Value != 0 || length != 0 ? Errno.EINVAL
            : ioas.Unmap(new(0), ulong.MaxValue, out unmapped);
    }

    private static Errno UnmapRange(IoAddressSpace ioas, DmaAddress iova, ulong length, out ulong unmapped)
    {
        unmapped = 0;
        if (length == 0)
        {
            return Errno.EINVAL;
        }

        if (length - 1 > ulong.MaxValue - iova.Value)
        {
            return Errno.EOVERFLOW;
        }

        // The first version unmaps parts: what goes across the range's ends is cut there first.
        DmaAddress end = new(unchecked(iova.Value + length));
        Errno errno = ioas.AllowsHugePages ? Errno.None : ioas.CutAt(end.Value == 0 ? [iova] : [iova, end]);
        if (errno != Errno.None)
        {
            return errno;
        }

        // Programs unmap what may be mapped; the answer is how much there was.
        errno = ioas.Unmap(iova, length, out unmapped);
        return errno == Errno.ENOENT && !ioas.HasMappings(iova.Value, iova.Value + (length - 1)) ? Errno.None : errno;
    }
}
