// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm;

/// <summary>A file whose bytes are memory already (file-system DAX, device DAX): its pages are those of a pagemap, mapped where they are.</summary>
public sealed unsafe class DaxFile : MemoryFile
{
    // SAFETY: a page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it.
    private readonly Pagemap _pagemap;
    private readonly PageFrameNumber _first;

    /// <summary>Makes a file of a run of a pagemap's frames.</summary>
    /// <param name="memory">Must know the bytes: <see cref="PhysicalMemory.AttachBytes"/>.</param>
    /// <param name="name">As <c>maps</c> shows it.</param>
    /// <param name="pagemap">Registered, of type <see cref="MemoryType.FsDax"/> or <see cref="MemoryType.Generic"/>.</param>
    /// <param name="first">The first frame.</param>
    /// <param name="length">Bytes.</param>
    /// <exception cref="ArgumentException">Another type of memory, or frames that are not all of the pagemap.</exception>
    public DaxFile(PhysicalMemory memory, string name, Pagemap pagemap, PageFrameNumber first, ulong length)
        : base(memory, name)
    {
        ArgumentNullException.ThrowIfNull(pagemap);
        ArgumentOutOfRangeException.ThrowIfZero(length);
        if (pagemap.Type is not (MemoryType.FsDax or MemoryType.Generic))
        {
            throw new ArgumentException($"{pagemap} is not memory that files are made of: {MemoryType.FsDax} or {MemoryType.Generic} is right.", nameof(pagemap));
        }

        ulong pages = (length + PageSize.Size4K - 1) >> PageSize.Shift4K;
        if (!pagemap.IsValidFrame(first) || !pagemap.IsValidFrame(first.Add(pages - 1)))
        {
            throw new ArgumentException($"{first} and the {pages} pages from there are not all of {pagemap}.", nameof(first));
        }

        _pagemap = pagemap;
        _first = first;
        Length = length;
    }

    /// <inheritdoc/>
    public override MemoryFileKind Kind => MemoryFileKind.Dax;

    /// <inheritdoc/>
    public override ulong Length { get; }

    internal override Errno TryGetPage(ulong index, MemoryGroup? group, bool mayFill, out Page page)
    {
        page = default;
        if (index >= PageCount)
        {
            return Errno.ENXIO;
        }

        if (!_pagemap.TryGetPage(_first.Add(index), out DevicePage device) || !device.TryGet())
        {
            return Errno.ENXIO;
        }

        page = Memory.PageOf(PageKey.Of(device.Frame));
        if (page.Descriptor->Mapping == 0)
        {
            page.Descriptor->Mapping = Mapping.Id;
            page.Descriptor->Index = index;
        }

        return Errno.None;
    }

    internal override bool IsResident(ulong index) => index < PageCount;

    private protected override void Release()
    {
        for (ulong index = 0; index < PageCount; index++)
        {
            if (_pagemap.TryGetPage(_first.Add(index), out DevicePage device) && device.Descriptor.Mapping == Mapping.Id)
            {
                device.Descriptor.Mapping = 0;
            }
        }
    }
}
