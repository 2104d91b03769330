// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Memory of a device as its driver lets processes map it: a run of frames without page descriptors (<c>remap_pfn_range</c>), or pages that have them
/// (<c>vm_insert_page</c> into a mixed map).</summary>
public sealed class DeviceFile : MemoryFile
{
    private readonly PhysicalRange _range;
    private readonly bool _hasDescriptors;

    /// <summary>Makes a file of a run of frames.</summary>
    /// <param name="memory">Must know the bytes where the CPU is to reach them: <see cref="PhysicalMemory.AttachBytes"/>.</param>
    /// <param name="name">As <c>maps</c> shows it.</param>
    /// <param name="range">The frames: whole pages.</param>
    /// <param name="hasDescriptors">Whether areas hold pages with descriptors, which must then exist (P2P memory, or RAM of the driver's).</param>
    public DeviceFile(PhysicalMemory memory, string name, PhysicalRange range, bool hasDescriptors = false)
        : base(memory, name)
    {
        if (range.IsEmpty || !range.Start.IsAligned(PageSize.Size4K) || !Alignment.IsAligned(range.Length, PageSize.Size4K))
        {
            throw new ArgumentException($"{range} does not consist of whole pages.", nameof(range));
        }

        _range = range;
        _hasDescriptors = hasDescriptors;
    }

    /// <inheritdoc/>
    public override MemoryFileKind Kind => MemoryFileKind.Device;

    /// <inheritdoc/>
    public override ulong Length => _range.Length;

    /// <summary>Whether its pages have descriptors.</summary>
    public bool HasDescriptors => _hasDescriptors;

    internal override VmFlags AreaFlags => _hasDescriptors ? VmFlags.MixedMap | VmFlags.DontExpand : VmFlags.PfnMap | VmFlags.Io | VmFlags.DontExpand | VmFlags.DontDump;

    internal override Errno TryGetPage(ulong index, MemoryGroup? group, bool mayFill, out Page page)
    {
        page = default;
        if (index >= PageCount)
        {
            return Errno.ENXIO;
        }

        if (!_hasDescriptors)
        {
            return Errno.EFAULT;
        }

        page = Memory.PageOf(PageKey.Of(_range.Start.Frame.Add(index)));
        return page.IsNull || !Memory.TryGet(page.Head) ? Errno.ENXIO : Errno.None;
    }

    internal override bool TryGetFrame(ulong index, out PageFrameNumber frame)
    {
        bool has = !_hasDescriptors && index < PageCount;
        frame = has ? _range.Start.Frame.Add(index) : default;
        return has;
    }

    internal override bool IsResident(ulong index) => index < PageCount;

    private protected override void Release()
    {
    }
}
