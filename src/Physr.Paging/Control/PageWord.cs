// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Control;

/// <summary>What is known of one page of a region: 32 bits in memory that the application and the pager share, so that they outlive either. They change by compare-and-swap alone.</summary>
/// <remarks>
/// Who sets <see cref="Busy"/> owns the page until it clears it, and does what a page goes through: fill, evict, write back, allow writes. Everybody else notes <see cref="Missed"/> and leaves.
/// The page's bytes are in the window exactly when a whole copy was published there: <see cref="Filled"/> follows that, and is set right from the window itself after a pager died.
/// </remarks>
internal static class PageWord
{
    /// <summary>How many leases hold the page; its owner does not evict it while there are some.</summary>
    public const uint Pins = 0x0000_ffff;

    /// <summary>The window has the page's bytes.</summary>
    public const uint Filled = 1u << 16;

    /// <summary>The application's page table has the page: a load does not fault.</summary>
    public const uint Mapped = 1u << 17;

    /// <summary>The store may be older than the window. Set before a store instruction can reach the page, cleared once the store has the bytes and the page is write-protected.</summary>
    public const uint Dirty = 1u << 18;

    /// <summary>The application's page table lets it write: a store instruction does not fault.</summary>
    public const uint Writable = 1u << 19;

    /// <summary>Somebody in the pager owns the page.</summary>
    public const uint Busy = 1u << 20;

    /// <summary>A fault or request came while the page was owned: the owner wakes whoever waits.</summary>
    public const uint Missed = 1u << 21;

    /// <summary>The store could not give the bytes: a touch is a SIGBUS, a lease throws.</summary>
    public const uint Poisoned = 1u << 22;

    /// <summary>The page was asked for again since the clock's hand passed: a second chance.</summary>
    public const uint Referenced = 1u << 23;

    /// <summary>A lease sleeps on this word.</summary>
    public const uint Waiters = 1u << 24;

    /// <summary>A lease wants to write.</summary>
    public const uint WantWrite = 1u << 25;

    /// <summary>What the window's state is made of; the rest is what the application asks.</summary>
    public const uint Residence = Filled | Mapped | Dirty | Writable | Busy | Missed | Referenced;

    /// <summary>Whether some lease holds the page.</summary>
    public static bool IsPinned(uint word) => (word & Pins) != 0;

    /// <summary>Whether a lease waits for what the page is not yet.</summary>
    public static bool IsWanted(uint word) =>
        (word & Pins) != 0 && (word & Poisoned) == 0 && ((word & Mapped) == 0 || (word & (WantWrite | Writable)) == WantWrite);

    /// <summary>Whether the page may be taken out: its bytes are here, nobody holds it, nobody is at it.</summary>
    public static bool IsEvictable(uint word) => (word & (Pins | Filled | Busy | Poisoned)) == Filled;

    /// <summary>The bits in words, for messages and tests: <c>Filled|Dirty pins=2</c>.</summary>
    public static string Describe(uint word)
    {
        (uint Bit, string Name)[] names =
        [
            (Filled, nameof(Filled)), (Mapped, nameof(Mapped)), (Dirty, nameof(Dirty)), (Writable, nameof(Writable)), (Busy, nameof(Busy)), (Missed, nameof(Missed)),
            (Poisoned, nameof(Poisoned)), (Referenced, nameof(Referenced)), (Waiters, nameof(Waiters)), (WantWrite, nameof(WantWrite)),
        ];
        string bits = string.Join('|', names.Where(name => (word & name.Bit) != 0).Select(static name => name.Name));
        return $"{(bits.Length == 0 ? "0" : bits)} pins={word & Pins}";
    }
}
