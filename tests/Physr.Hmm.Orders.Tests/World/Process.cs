// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;

namespace Physr.Hmm.Orders.Tests;

/// <summary>A process of a few pages, and what each of them is to hold: the last value that anybody wrote there, as seen where it was written.</summary>
/// <remarks>An access is the last step before it returns, so that what follows in the same turn is one with it.</remarks>
internal sealed class Process
{
    public const ulong Start = 0x1000_0000;

    private readonly World _world;
    private readonly int[] _discards;

    public Process(World world, AddressSpace space, int pages, int[] watched, ulong[]? values = null, bool[]? mayBeZero = null)
    {
        _world = world;
        Space = space;
        Pages = pages;
        Watched = watched;
        Values = values ?? new ulong[pages];
        _discards = new int[pages];
        MayBeZero = mayBeZero ?? new bool[pages];
        Gone = new bool[pages];
    }

    public AddressSpace Space { get; }

    public int Pages { get; }

    /// <summary>The pages that are looked at.</summary>
    public int[] Watched { get; }

    /// <summary>What they hold.</summary>
    public ulong[] Values { get; }

    /// <summary>Which may be zeros in place of that, since they were discarded while they were written.</summary>
    public bool[] MayBeZero { get; }

    /// <summary>Which are, or may be, unmapped.</summary>
    public bool[] Gone { get; }

    public List<DeviceMirror> Mirrors { get; } = [];

    /// <summary>Where its pages are now.</summary>
    public VirtualAddress Base { get; set; } = new(Start);

    public AddressRange<VirtualAddress> Range => new(new(Start), (ulong)Pages << PageSize.Shift4K);

    public VirtualAddress AddressOf(int page) => Base.Add((ulong)page << PageSize.Shift4K);

    /// <summary>Lets a device watch and use its memory.</summary>
    public DeviceMirror Mirror(TestDevice device)
    {
        DeviceMirror mirror = new(device, this);
        Mirrors.Add(mirror);
        return mirror;
    }

    public void Write(int page)
    {
        AccessOutcome outcome = TryWrite(page);
        Assert.True(outcome == AccessOutcome.Done || Gone[page], $"page {page} of {Space}: a write ends in {outcome}");
    }

    public AccessOutcome TryWrite(int page)
    {
        ulong value = _world.NextValue();
        AccessOutcome outcome = Space.Store(AddressOf(page), value);
        if (outcome == AccessOutcome.Done)
        {
            WasWritten(page, value);
        }

        return outcome;
    }

    public void Read(int page)
    {
        AccessOutcome outcome = Space.Load(AddressOf(page), out ulong value);
        Assert.True(outcome == AccessOutcome.Done || Gone[page], $"page {page} of {Space}: a read ends in {outcome}");
        if (outcome == AccessOutcome.Done)
        {
            WasRead(page, value, "the CPU");
        }
    }

    /// <summary>Adds one atomically.</summary>
    public void Increment(int page)
    {
        Assert.Equal(AccessOutcome.Done, Space.AtomicAdd(AddressOf(page), 1, out ulong before));
        WasRead(page, before, "the CPU");
        WasWritten(page, before + 1);
    }

    public Errno DeviceWrite(DeviceMirror mirror, int page)
    {
        ulong value = _world.NextValue();
        Errno errno = mirror.Write(page, value);
        if (errno == Errno.None)
        {
            WasWritten(page, value);
        }

        return errno;
    }

    public Errno DeviceRead(DeviceMirror mirror, int page)
    {
        Errno errno = mirror.Read(page, out ulong value);
        if (errno == Errno.None)
        {
            WasRead(page, value, "the device");
        }

        return errno;
    }

    /// <summary>Makes a child, which has what the parent had when its pages became shared.</summary>
    public Process Fork(string name)
    {
        ForkWitness witness = new(this);
        Assert.Equal(Errno.None, Space.TryFork(name, out AddressSpace? child));
        witness.Dispose();
        Process made = new(_world, child!, Pages, Watched, witness.Values, witness.MayBeZero) { Base = Base };
        Gone.CopyTo(made.Gone, 0);
        _world.Processes.Add(made);
        return made;
    }

    public void Unmap(int first, int pages)
    {
        Array.Fill(Gone, true, first, pages);
        Assert.Equal(Errno.None, Space.TryUnmap(AddressOf(first), (ulong)pages << PageSize.Shift4K));
    }

    /// <summary>MADV_DONTNEED: zeros from some moment on.</summary>
    public void Discard(int page) => Advise(page, MemoryAdvice.DontNeed);

    /// <summary>MADV_FREE: zeros from some moment on, or not.</summary>
    public void Free(int page) => Advise(page, MemoryAdvice.Free);

    /// <summary>Advises; where that takes pages away, a write meanwhile may come before or after.</summary>
    public void Advise(int page, MemoryAdvice advice)
    {
        bool mayTake = advice is MemoryAdvice.DontNeed or MemoryAdvice.Free;
        _discards[page] += mayTake ? 1 : 0;
        MayBeZero[page] |= mayTake;
        ulong before = Values[page];
        Errno errno = Space.TryAdvise(AddressOf(page), PageSize.Size4K, advice);
        Assert.True(errno == Errno.None || Gone[page], $"{advice} of page {page} of {Space}: {errno}");
        _discards[page] -= mayTake ? 1 : 0;
        if (advice == MemoryAdvice.DontNeed && before == Values[page] && _discards[page] == 0)
        {
            Values[page] = 0;
            MayBeZero[page] = false;
        }
    }

    /// <summary>mremap: the same pages elsewhere.</summary>
    public void MoveTo(VirtualAddress target)
    {
        ulong length = (ulong)Pages << PageSize.Shift4K;
        Assert.Equal(Errno.None, Space.TryRemap(new(Base, length, length) { MayMove = true, NewAddress = target }, out VirtualAddress at));
        Base = at;
    }

    public void WasWritten(int page, ulong value)
    {
        Values[page] = value;
        MayBeZero[page] = _discards[page] > 0;
    }

    public void WasRead(int page, ulong value, string reader)
    {
        bool isZeroed = value == 0 && MayBeZero[page];
        Assert.True(value == Values[page] || isZeroed, $"page {page} of {Space}: {reader} reads {value:x}, the last value written is {Values[page]:x}");
        if (_discards[page] == 0 && MayBeZero[page])
        {
            Values[page] = value;
            MayBeZero[page] = false;
        }
    }
}
