// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;

namespace Physr.Paging.Control;

/// <summary>A region's control file, mapped. The other side may write anything into it at any time: what is read is used once, and never as a bound of what is touched.</summary>
internal sealed unsafe partial class ControlBlock : IDisposable
{
    private readonly MemoryFile _file;
    private readonly Mapping _mapping;
    private readonly byte* _base;
    private readonly uint* _words;

    private ControlBlock(MemoryFile file, Mapping mapping, ulong pages)
    {
        // SAFETY: the mapping covers ControlLayout.Bytes(pages) (TryMap), and lives until Dispose; nobody asks after that.
        _file = file;
        _mapping = mapping;
        _base = (byte*)mapping.Address;
        _words = (uint*)(_base + ControlLayout.WordsAt);
        Pages = pages;
    }

    /// <summary>How many pages the region has.</summary>
    public ulong Pages { get; }

    /// <summary>How often a pager took the region over.</summary>
    public uint Generation => Volatile.Read(ref *(uint*)(_base + ControlLayout.GenerationAt));

    /// <summary>The process that serves it.</summary>
    public int PagerId => Volatile.Read(ref *(int*)(_base + ControlLayout.PagerAt));

    /// <summary>How it is.</summary>
    public RegionHealth Health => (RegionHealth)Volatile.Read(ref *(int*)(_base + ControlLayout.HealthAt));

    /// <summary>Pages that may be in the window.</summary>
    public ref long Budget => ref *(long*)(_base + ControlLayout.BudgetAt);

    /// <summary>Pages that are.</summary>
    public ref long Resident => ref *(long*)(_base + ControlLayout.ResidentAt);

    /// <summary>Not 0 where single faults are to be told.</summary>
    public ref int Telling => ref *(int*)(_base + ControlLayout.TellingAt);

    /// <summary>Maps a new control file and writes its header. The file has to live as long.</summary>
    public static Errno TryCreate(MemoryFile file, ulong pages, out ControlBlock? control, out string reason)
    {
        Errno errno = TryMap(file, pages, out control, out reason);
        if (control is not null)
        {
            // SAFETY: the header lies in the mapping.
            *(uint*)(control._base + ControlLayout.VersionAt) = ControlLayout.Version;
            *(ulong*)(control._base + ControlLayout.PagesAt) = pages;
            *(ulong*)(control._base + ControlLayout.MagicAt) = ControlLayout.Magic;
        }

        return errno;
    }

    /// <summary>Maps a control file that another process made, and checks that it is one for that many pages.</summary>
    public static Errno TryOpen(MemoryFile file, ulong pages, out ControlBlock? control, out string reason)
    {
        Errno errno = TryMap(file, pages, out control, out reason);
        if (control is null)
        {
            return errno;
        }

        // SAFETY: the header lies in the mapping.
        ulong magic = *(ulong*)(control._base + ControlLayout.MagicAt);
        uint version = *(uint*)(control._base + ControlLayout.VersionAt);
        ulong says = *(ulong*)(control._base + ControlLayout.PagesAt);
        if (magic == ControlLayout.Magic && version == ControlLayout.Version && says == pages)
        {
            return Errno.None;
        }

        reason = magic != ControlLayout.Magic ? "the control file is none: its magic number is missing"
            : version != ControlLayout.Version ? $"the control file has version {version}; this pager speaks {ControlLayout.Version}: use the library and the pager of one build"
            : $"the control file is for {says} pages, the region has {pages}";
        control.Dispose();
        control = null;
        return Errno.EINVAL;
    }

    /// <summary>The word of a page.</summary>
    /// <param name="page">Its number, below <see cref="Pages"/>: the caller has checked it.</param>
    public ref uint Word(ulong page)
    {
        System.Diagnostics.Debug.Assert(page < Pages, "A page's number was not checked.");
        return ref _words[page];
    }

    /// <summary>The address of a page's word, for those who sleep on it.</summary>
    public uint* WordAddress(ulong page) => _words + page;

    /// <summary>The offset in the control file of a page's word.</summary>
    public static ulong WordOffset(ulong page) => ControlLayout.WordsAt + (page * sizeof(uint));

    /// <summary>Counts.</summary>
    public void Count(RegionCounter counter, long amount = 1) => Interlocked.Add(ref ((long*)(_base + ControlLayout.CountersAt))[(int)counter], amount);

    /// <summary>A counter's value.</summary>
    public long Counted(RegionCounter counter) => Volatile.Read(ref ((long*)(_base + ControlLayout.CountersAt))[(int)counter]);

    /// <summary>A pager says that it serves the region from here on.</summary>
    /// <param name="processId">Its process.</param>
    /// <returns>The new generation.</returns>
    public uint TakeOver(int processId)
    {
        Volatile.Write(ref *(int*)(_base + ControlLayout.PagerAt), processId);
        return Interlocked.Increment(ref *(uint*)(_base + ControlLayout.GenerationAt));
    }

    /// <summary>Worsens the health; it does not get better by itself.</summary>
    public void Worsen(RegionHealth health)
    {
        ref int now = ref *(int*)(_base + ControlLayout.HealthAt);
        for (int seen = now; seen < (int)health; seen = now)
        {
            Interlocked.CompareExchange(ref now, (int)health, seen);
        }
    }

    /// <summary>Says that all is well again, after the application cleared the failures.</summary>
    public void Recovered() => Interlocked.CompareExchange(ref *(int*)(_base + ControlLayout.HealthAt), (int)RegionHealth.Healthy, (int)RegionHealth.Degraded);

    /// <summary>The next pages whose words may be other than 0: those that somebody touched. The others are holes of the file, which reading would fill.</summary>
    /// <param name="from">The first page to look at.</param>
    /// <param name="start">The first that was touched.</param>
    /// <param name="end">One past the last of the run.</param>
    public bool TryNextTouched(ulong from, out ulong start, out ulong end)
    {
        (start, end) = (Pages, Pages);
        while (from < Pages && _file.TryNextData(WordOffset(from), out ulong first, out ulong last))
        {
            start = Math.Max(from, (first - ControlLayout.WordsAt) / sizeof(uint));
            end = Math.Min(Pages, (last - ControlLayout.WordsAt) / sizeof(uint));
            if (start < end)
            {
                return true;
            }

            from = Math.Max(end, from + 1);
        }

        return false;
    }

    /// <summary>Whether the word of a page, or one in the same page of the file, may be other than 0.</summary>
    public bool IsTouched(ulong page) => _file.Has(WordOffset(page) & ~(ControlLayout.PageBytes - 1ul), ControlLayout.PageBytes);

    /// <summary>The first page behind those whose words are in the same page of the file.</summary>
    public static ulong NextBlock(ulong page) => ((WordOffset(page) | (ControlLayout.PageBytes - 1ul)) + 1 - ControlLayout.WordsAt) / sizeof(uint);

    /// <summary>The next page of a run whose word has one of some bits.</summary>
    /// <param name="from">The first page to look at.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="bits">The bits.</param>
    /// <returns>The page, or <paramref name="end"/>.</returns>
    public ulong NextWith(ulong from, ulong end, uint bits)
    {
        while (from < end && (Volatile.Read(ref _words[from]) & bits) == 0)
        {
            from++;
        }

        return from;
    }

    /// <summary>Unmaps. The file stays with whoever passed it.</summary>
    public void Dispose() => _mapping.Dispose();

    private static Errno TryMap(MemoryFile file, ulong pages, out ControlBlock? control, out string reason)
    {
        control = null;
        reason = "";
        if (pages == 0 || pages > ControlLayout.MostPages)
        {
            reason = $"a region has 1 to {ControlLayout.MostPages} pages of 4096 bytes; {pages} were asked for";
            return Errno.EINVAL;
        }

        ulong bytes = ControlLayout.Bytes(pages);
        if (file.Length < bytes)
        {
            reason = $"the control file has {file.Length} bytes; {bytes} are needed for {pages} pages";
            return Errno.EINVAL;
        }

        Errno errno = file.TryMap(0, (nuint)bytes, isReadOnly: false, out Mapping? mapping, out reason);
        control = mapping is null ? null : new(file, mapping, pages);
        return errno;
    }
}
