// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Memory;
using Physr.Mm.Reporting;

namespace Physr.Mm.Tests.Differential;

/// <summary>The world of the model: <see cref="AddressSpace"/>s over a small RAM.</summary>
internal sealed partial class ModelWorld : IProcessWorld, IDisposable
{
    private const ulong PwriteWord = sizeof(ulong);

    // One RAM for all worlds: what one of them leaks, the next ones see.
    private static readonly PhysicalRange s_range = new(new(1UL << 30), 16UL << 20);
    private static readonly MemoryMap s_map = MakeMap();
    private static readonly RamZone s_zone = new(s_range, new NativeRam(s_range));

    private readonly PhysicalMemory _memory;
    private readonly AddressSpace?[] _processes = new AddressSpace?[Arena.Processes];
    private readonly SharedMemoryFile[] _files;
    private readonly List<MemoryFile> _shared = [];
    private readonly long _free = s_zone.FreePages;

    public ModelWorld(MachinePolicy policy)
    {
        _memory = new(s_map, [s_zone], new()
        {
            FaultAroundPages = policy.FaultAroundPages,
            UsesZeroPage = policy.HasZeroPage,
            HugePages = HugePagePolicy.Never,
        });
        _files = [MakeFile(0), MakeFile(1)];
        _processes[0] = new(_memory, "P0");
    }

    public bool IsLive(int process) => _processes[process] is not null;

    public void Dispose()
    {
        foreach (AddressSpace? process in _processes)
        {
            process?.Dispose();
        }

        foreach (MemoryFile file in _shared.Concat(_files))
        {
            file.Dispose();
        }

        _memory.Dispose();
        Assert.Equal(_free, s_zone.FreePages);
    }

    public void ProbeReads(int process, Span<ProbeOutcome> outcomes, Span<ulong> hashes)
    {
        AddressSpace space = _processes[process]!;
        for (int page = 0; page < Arena.Pages; page++)
        {
            AccessOutcome outcome = space.Load(new(Arena.Address(page)), out byte _);
            outcomes[page] = OutcomeOf(outcome);
            hashes[page] = outcome == AccessOutcome.Done ? Hash(space, page) : 0;
        }
    }

    public void ProbeWrites(int process, Span<ProbeOutcome> outcomes)
    {
        AddressSpace space = _processes[process]!;
        for (int page = 0; page < Arena.Pages; page++)
        {
            AccessOutcome outcome = space.Load(new(Arena.Address(page)), out ulong word);
            outcome = outcome == AccessOutcome.Done ? space.Store(new(Arena.Address(page)), word) : outcome;
            outcomes[page] = OutcomeOf(outcome);
        }
    }

    public void Observe(int process, ProcessObservation seen)
    {
        AddressSpace space = _processes[process]!;
        foreach (VirtualMemoryArea area in space.Areas)
        {
            seen.Vmas.Add(Describe(space, area));
        }

        Span<ulong> words = stackalloc ulong[Arena.Pages];
        space.ReadPagemap(new(Arena.Start), words, isPrivileged: true);
        Span<byte> residency = stackalloc byte[1];
        for (int page = 0; page < Arena.Pages; page++)
        {
            PagemapFlags flags = (PagemapFlags)words[page];
            bool isPresent = flags.HasFlag(PagemapFlags.Present);
            bool isMapped = space.TryReadResidency(new(Arena.Address(page)), residency) == Errno.None;
            ushort frame = isPresent ? checked((ushort)((words[page] & ((1UL << 55) - 1)) - s_range.Start.Frame.Value + 1)) : (ushort)0;
            seen.Pages[page] = new(frame, FlagsOf(flags), isMapped ? residency[0] : PageObservation.Unmapped);
            if (isPresent && space.FindArea(new(Arena.Address(page)))!.Flags.HasFlag(Mm.VmFlags.Read))
            {
                seen.Hashes[page] = Hash(space, page);
            }
        }
    }

    private static MemoryMap MakeMap()
    {
        MemoryMap map = new();
        map.AddRam(s_range, out _);
        return map;
    }

    private SharedMemoryFile MakeFile(int file)
    {
        int pages = Arena.FilePages[file];
        SharedMemoryFile made = new(_memory, $"/memfd:{file}", (ulong)pages * Arena.PageSize);
        ulong[] words = new ulong[512];
        for (int page = 0; page < pages; page++)
        {
            if (Arena.IsWritten(file, page))
            {
                for (int word = 0; word < words.Length; word++)
                {
                    words[word] = Arena.InitialWord(file, page, word);
                }

                made.Write((ulong)page * Arena.PageSize, MemoryMarshal.AsBytes(words.AsSpan()));
            }
        }

        return made;
    }

    private static ulong Hash(AddressSpace space, int page)
    {
        Span<ulong> words = stackalloc ulong[512];
        Assert.True(space.Read(new(Arena.Address(page)), MemoryMarshal.AsBytes(words)).IsDone);
        return Arena.Hash(words);
    }

    private static ProbeOutcome OutcomeOf(AccessOutcome outcome) => outcome switch
    {
        AccessOutcome.Done => ProbeOutcome.Ok,
        AccessOutcome.MapError => ProbeOutcome.SEGV_MAPERR,
        AccessOutcome.AccessError => ProbeOutcome.SEGV_ACCERR,
        AccessOutcome.BusError => ProbeOutcome.BUS_ADRERR,
        _ => ProbeOutcome.Other,
    };

    private static PageFlags FlagsOf(PagemapFlags flags) =>
        (flags.HasFlag(PagemapFlags.Present) ? PageFlags.Present : PageFlags.None)
        | (flags.HasFlag(PagemapFlags.Swap) ? PageFlags.Swap : PageFlags.None)
        | (flags.HasFlag(PagemapFlags.File) ? PageFlags.FileOrSharedAnonymous : PageFlags.None)
        | (flags.HasFlag(PagemapFlags.GuardRegion) ? PageFlags.Guard : PageFlags.None)
        | (flags.HasFlag(PagemapFlags.MappedExclusively) ? PageFlags.MappedOnce : PageFlags.None);

    private VmaObservation Describe(AddressSpace space, VirtualMemoryArea area)
    {
        MemoryUsage usage = space.UsageOf(area, area.StartAddress, area.EndAddress);
        VmaObservation seen = new()
        {
            Start = area.StartAddress,
            End = area.EndAddress,
            Offset = area.IsAnonymous ? 0 : area.PageOffset * Arena.PageSize,
            Permissions = (VmaPermissions)((int)area.Flags & 15),
            Backing = area.File is null ? VmaObservation.Anonymous : BackingOf(area.File),
            Flags = FlagsOf(area.Flags),
        };
        (SmapsField Field, ulong Bytes)[] fields =
        [
            (SmapsField.Size, area.EndAddress - area.StartAddress), (SmapsField.Rss, usage.Rss), (SmapsField.Pss, usage.Pss), (SmapsField.Pss_Dirty, usage.PssDirty),
            (SmapsField.Shared_Clean, usage.SharedClean), (SmapsField.Shared_Dirty, usage.SharedDirty), (SmapsField.Private_Clean, usage.PrivateClean),
            (SmapsField.Private_Dirty, usage.PrivateDirty), (SmapsField.Referenced, usage.Referenced), (SmapsField.Anonymous, usage.Anonymous),
            (SmapsField.LazyFree, usage.LazyFree), (SmapsField.AnonHugePages, usage.AnonHugePages), (SmapsField.Swap, usage.Swap), (SmapsField.SwapPss, usage.SwapPss),
            (SmapsField.Locked, usage.Locked),
        ];
        foreach ((SmapsField field, ulong bytes) in fields)
        {
            seen[field] = (uint)(bytes >> 10);
        }

        return seen;
    }

    private byte BackingOf(MemoryFile file) => file == _files[0] ? (byte)0 : file == _files[1] ? (byte)1 : checked((byte)(2 + (_shared.IndexOf(file) % 250)));

    private static VmFlags FlagsOf(Mm.VmFlags flags)
    {
        VmFlags shown = (VmFlags)((uint)flags & 0xff);
        shown |= flags.HasFlag(Mm.VmFlags.Account) ? VmFlags.ac : VmFlags.None;
        shown |= flags.HasFlag(Mm.VmFlags.NoReserve) ? VmFlags.nr : VmFlags.None;
        shown |= flags.HasFlag(Mm.VmFlags.DontCopy) ? VmFlags.dc : VmFlags.None;
        return shown | (flags.HasFlag(Mm.VmFlags.WipeOnFork) ? VmFlags.wf : VmFlags.None);
    }
}
