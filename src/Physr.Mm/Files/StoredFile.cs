// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm;

/// <summary>A file whose bytes live in a store: pages are read when first touched, and written back by <see cref="Sync"/>.</summary>
public sealed unsafe class StoredFile : CachedFile
{
    private readonly IFileStore _store;

    /// <summary>Makes a file over a store.</summary>
    /// <param name="memory">Where pages come from.</param>
    /// <param name="name">As <c>maps</c> shows it.</param>
    /// <param name="store">Its bytes.</param>
    public StoredFile(PhysicalMemory memory, string name, IFileStore store)
        : base(memory, name, store?.Length ?? throw new ArgumentNullException(nameof(store))) => _store = store;

    /// <inheritdoc/>
    public override MemoryFileKind Kind => MemoryFileKind.Stored;

    internal override bool WantsWriteNotify => true;

    private protected override PageFlags FreshFlags => PageFlags.None;

    private protected override bool HasStore => true;

    /// <summary>Writes dirty pages back (<c>msync</c>, <c>fsync</c>): entries that may write are made clean and read-only first, so that a later write is heard of.</summary>
    /// <returns>The first failure; what could not be written stays dirty.</returns>
    public Errno Sync()
    {
        Errno result = Errno.None;
        foreach (ulong index in Indices(0))
        {
            if (TryGetPage(index, null, mayFill: false, out Page page) != Errno.None)
            {
                continue;
            }

            page.Lock();
            bool wasDirty = AddressSpace.CleanFilePage(this, page, index) | ((page.Clear(PageFlags.Dirty) & PageFlags.Dirty) != PageFlags.None);
            if (wasDirty)
            {
                ulong offset = index << PageSize.Shift4K;
                int length = (int)Math.Min(PageSize.Size4K, Length > offset ? Length - offset : 0);

                // SAFETY: a page that we hold a reference to.
                Errno errno = length == 0 ? Errno.None : _store.Write(offset, new ReadOnlySpan<byte>(Memory.BytesOf(page), length));
                if (errno != Errno.None)
                {
                    page.Set(PageFlags.Dirty);
                    result = result == Errno.None ? errno : result;
                }
            }

            page.Unlock();
            Memory.Put(page);
        }

        return result;
    }

    /// <summary>Lets a lost page go whose bytes the store has too: the next touch reads them again. False where they were dirty, and are gone. The page is locked.</summary>
    internal bool TryDropLost(Page page)
    {
        ulong index = page.Descriptor->Index;
        if (AddressSpace.CleanFilePage(this, page, index) | page.Has(PageFlags.Dirty))
        {
            page.Set(PageFlags.Dirty);
            return false;
        }

        AddressSpace.ZapFile(this, index, 1, evenOwnCopies: false);
        Drop(index);
        return true;
    }

    private protected override Errno Fill(ulong index, Span<byte> page) => _store.Read(index << PageSize.Shift4K, page);
}
