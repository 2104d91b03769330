// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Mm.Tests.Differential;

/// <summary>A random program, from a seed alone. It keeps in mind roughly what is mapped where, so that most operations meet something.</summary>
internal sealed partial class OpGenerator
{
    private const ulong Page = Arena.PageSize;

    private static readonly Protection[] s_protections = [Protection.PROT_NONE, Protection.PROT_READ, Protection.PROT_READ | Protection.PROT_WRITE];

    private readonly SeededRandom _random;
    private readonly bool _hasGuards;
    private readonly Mapped[][] _mapped = [.. Enumerable.Range(0, Arena.Processes).Select(static _ => new Mapped[Arena.Pages])];
    private readonly bool[] _live = [true, false, false];
    private readonly int _focus;

    private OpGenerator(ulong seed, bool hasGuards)
    {
        _random = new(seed);
        _hasGuards = hasGuards;

        // Half of all happens in 24 pages, so that operations meet each other; often they lie across the arena's middle.
        _focus = Chance(40) ? Arena.Middle - 12 : Below(Arena.Pages - 24);
    }

    private enum Mapped : byte
    {
        Hole,
        PrivateAnonymous,
        SharedAnonymous,
        PrivateFile,
        SharedFile,
    }

    /// <summary>The program of a seed, for a kernel with or without guard regions in all kinds of mappings.</summary>
    public static MmSequence Generate(ulong seed, bool hasGuards = true)
    {
        OpGenerator generator = new(seed, hasGuards);
        int kind = generator.Below(100);
        ProbeMode mode = kind < 88 ? ProbeMode.Quiet : kind < 95 ? ProbeMode.Reads : ProbeMode.Writes;
        int count = mode == ProbeMode.Quiet ? 8 + generator.Below(20) : 5 + generator.Below(8);
        List<MmOp> ops = [generator.Map(0)];
        while (ops.Count < count)
        {
            ops.Add(generator.Next());
        }

        return new(seed, mode, ops);
    }

    private MmOp Next()
    {
        int process = Process();
        int live = _live.Count(static isLive => isLive);
        return Below(100) switch
        {
            < 15 => Map(process),
            < 21 => Unmap(process),
            < 33 => Protect(process),
            < 47 => Advise(process),
            < 57 => Remap(process),
            < 69 => new MmOp.Read(process, Arena.Address(MappedPage(process)) + Pick(0UL, 0UL, 8UL, 123UL, Page - 1)),
            < 86 => new MmOp.Write(process, Arena.Address(MappedPage(process)) + Pick(0UL, 0UL, 8UL, 0x800UL, Page - 8), _random.Next()),
            < 89 => live < Arena.Processes ? Fork(process) : Unmap(process),
            < 91 => live > 1 ? Exit(process) : Map(process),
            < 95 => OnFile(process),
            _ => Invalid(process),
        };
    }

    private MmOp.Mmap Map(int process)
    {
        (int first, int count) = Chance(50) ? BesideMapped(process) : Range(process);
        int kind = Below(100);
        int file = kind < 60 ? -1 : Chance(65) ? 0 : 1;
        bool isShared = kind is >= 45 and < 60 or >= 82;

        // The usual offset fits the address, so that neighbours of one file can merge.
        ulong offset = file < 0 ? 0 : (ulong)(Chance(60) ? first % (file == 0 ? 32 : 12) : Below(file == 0 ? 44 : 18)) * Page;
        Set(process, first, count, file < 0 ? isShared ? Mapped.SharedAnonymous : Mapped.PrivateAnonymous : isShared ? Mapped.SharedFile : Mapped.PrivateFile);
        MapFlags flags = MapFlags.MAP_FIXED | (isShared ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE) | (file < 0 ? MapFlags.MAP_ANONYMOUS : MapFlags.None);
        Protection protection = Chance(75) ? Protection.PROT_READ | Protection.PROT_WRITE : Pick(s_protections);
        return new(process, Arena.Address(first), (ulong)count * Page, protection, flags, file, offset);
    }

    private MmOp.Munmap Unmap(int process)
    {
        (int first, int count) = Range(process);
        Set(process, first, count, Mapped.Hole);
        return new(process, Arena.Address(first), (ulong)count * Page);
    }

    private MmOp.Mprotect Protect(int process)
    {
        (int first, int count) = Range(process);
        return new(process, Arena.Address(first), (ulong)count * Page, Chance(45) ? Protection.PROT_READ | Protection.PROT_WRITE : Pick(s_protections));
    }

    private MmOp.Madvise Advise(int process)
    {
        (int first, int count) = Range(process);
        Advice advice = Below(_hasGuards ? 100 : 78) switch
        {
            < 18 => Advice.MADV_DONTNEED,
            < 34 => Advice.MADV_FREE,
            < 44 => Advice.MADV_POPULATE_READ,
            < 54 => Advice.MADV_POPULATE_WRITE,
            < 60 => Advice.MADV_DONTFORK,
            < 66 => Advice.MADV_DOFORK,
            < 72 => Advice.MADV_WIPEONFORK,
            < 78 => Advice.MADV_KEEPONFORK,
            < 90 => Advice.MADV_GUARD_INSTALL,
            _ => Advice.MADV_GUARD_REMOVE,
        };
        return new(process, Arena.Address(first), (ulong)count * Page, advice);
    }

    private MmOp.Fork Fork(int process)
    {
        int child = Array.IndexOf(_live, false);
        _live[child] = true;
        _mapped[process].CopyTo(_mapped[child], 0);
        return new(process);
    }

    private MmOp.Exit Exit(int process)
    {
        _live[process] = false;
        Array.Clear(_mapped[process]);
        return new(process);
    }

    private MmOp OnFile(int process)
    {
        int file = Below(2);
        int pages = Arena.FilePages[file];
        ulong offset = ((ulong)Below(pages + 2) * Page) + Pick(0UL, 8UL, 0x800UL, Page - 8, Page - 4);
        return Below(4) switch
        {
            0 => new MmOp.Ftruncate(process, file, (ulong)Below(pages + 8) * Page),
            1 => new MmOp.Pread(process, file, offset),
            2 => new MmOp.Pwrite(process, file, offset, _random.Next()),
            _ => new MmOp.PunchHole(process, file, (ulong)Below(pages) * Page, (ulong)(1 + Below(6)) * Page),
        };
    }

    private void Set(int process, int first, int count, Mapped what) => _mapped[process].AsSpan(first, count).Fill(what);

    private int Below(int bound) => (int)_random.Below((ulong)bound);

    private bool Chance(int percent) => Below(100) < percent;

    private T Pick<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];
}
