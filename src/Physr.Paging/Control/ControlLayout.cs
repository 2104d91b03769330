// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Control;

/// <summary>Where things lie in a region's control file: a header, counters, doorbells, the last failures, histograms, a ring of events, and then one word for each page.</summary>
internal static class ControlLayout
{
    /// <summary><c>PHYSRCTL</c>, in the order of memory.</summary>
    public const ulong Magic = 0x4c_54_43_52_53_59_48_50;

    /// <summary>Changes with every change of this layout or of a word's bits.</summary>
    public const uint Version = 1;

    /// <summary>Bytes of a page. Windows are of small pages: a fault moves one at the least.</summary>
    public const int PageBytes = 4096;

    /// <summary>log2 of <see cref="PageBytes"/>.</summary>
    public const int PageShift = 12;

    /// <summary>The most pages of a region: numbers of pages are 31 bits, so a region ends at 8 TiB.</summary>
    public const ulong MostPages = 1ul << 31;

    /// <summary>Offset of the magic number (8 bytes), followed by the version (4).</summary>
    public const int MagicAt = 0;

    /// <summary>Offset of the version, 4 bytes.</summary>
    public const int VersionAt = 8;

    /// <summary>Offset of how often a pager has taken the region over, 4 bytes. The first is 1.</summary>
    public const int GenerationAt = 12;

    /// <summary>Offset of the number of pages, 8 bytes.</summary>
    public const int PagesAt = 16;

    /// <summary>Offset of the process that serves the region now, 4 bytes.</summary>
    public const int PagerAt = 24;

    /// <summary>Offset of the region's health, 4 bytes: <see cref="RegionHealth"/>.</summary>
    public const int HealthAt = 28;

    /// <summary>Offset of the budget in pages, 8 bytes; the pager keeps a copy of its own and writes this one for the application to read.</summary>
    public const int BudgetAt = 32;

    /// <summary>Offset of the number of resident pages, 8 bytes.</summary>
    public const int ResidentAt = 40;

    /// <summary>Offset of whether single faults are to be told, 4 bytes. The application writes it.</summary>
    public const int TellingAt = 192;

    /// <summary>Offset of the counters, 8 bytes each: <see cref="RegionCounter"/>.</summary>
    public const int CountersAt = 256;

    /// <summary>Room for counters.</summary>
    public const int CounterSlots = 64;

    /// <summary>Offset of the doorbells, 16 bytes each.</summary>
    public const int DoorbellsAt = 1024;

    /// <summary>How many requests may wait at once.</summary>
    public const int Doorbells = 64;

    /// <summary>Offset of the last failures.</summary>
    public const int FailuresAt = 2048;

    /// <summary>How many failures are kept.</summary>
    public const int Failures = 8;

    /// <summary>Bytes of a failure: sequence (8), page (8), error number (4), length of the reason (4), the reason in UTF-8.</summary>
    public const int FailureBytes = 256;

    /// <summary>Offset of the histogram of the time from reading a fault's event to having served it.</summary>
    public const int FillTimesAt = 4096;

    /// <summary>Offset of the histogram of the time that one page's eviction takes (a batch's time by its pages).</summary>
    public const int EvictTimesAt = 6144;

    /// <summary>Offset of the number of events ever written to the ring, 8 bytes.</summary>
    public const int EventHeadAt = 8192;

    /// <summary>Offset of the ring of single faults.</summary>
    public const int EventsAt = 8256;

    /// <summary>Events in the ring; a reader that is further behind has lost some.</summary>
    public const int Events = 224;

    /// <summary>Bytes of an event: sequence (8), page (8), nanoseconds (8), kind (4), pages (4).</summary>
    public const int EventBytes = 32;

    /// <summary>Offset of the first page's word.</summary>
    public const int WordsAt = 16384;

    /// <summary>Bytes of the control file of a region.</summary>
    /// <param name="pages">Its pages.</param>
    public static ulong Bytes(ulong pages) => (WordsAt + (pages * sizeof(uint)) + PageBytes - 1) & ~(ulong)(PageBytes - 1);
}
