// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Reporting;

namespace Physr.Hmm.Tests;

/// <summary>Short forms for what tests do with a process's memory.</summary>
internal static class HmmHostExtensions
{
    public static VirtualAddress Map(this AddressSpace space, ulong length = HmmHost.BufferBytes, Protection protection = Protection.ReadWrite)
    {
        Assert.Equal(Errno.None, space.TryMap(new(length, protection), out VirtualAddress at));
        return at;
    }

    /// <summary>Memory at a multiple of 2 MiB that asked for huge pages.</summary>
    public static VirtualAddress MapHuge(this AddressSpace space, ulong length)
    {
        VirtualAddress at = space.Map(length);
        Assert.True(at.IsAligned(HmmHost.Huge));
        Assert.Equal(Errno.None, space.TryAdvise(at, length, MemoryAdvice.HugePage));
        return at;
    }

    public static VirtualAddress MapShared(this AddressSpace space, HmmHost host, ulong length = HmmHost.BufferBytes)
    {
        SharedMemoryFile file = host.Last(new SharedMemoryFile(space.Memory, "/dev/zero", length));
        Assert.Equal(Errno.None, space.TryMap(new(length, Protection.ReadWrite) { File = file, IsShared = true }, out VirtualAddress at));
        return at;
    }

    public static void Put(this AddressSpace space, VirtualAddress at, ReadOnlySpan<byte> bytes) => Assert.Equal(AccessOutcome.Done, space.Write(at, bytes).Outcome);

    public static byte[] Get(this AddressSpace space, VirtualAddress at, int length)
    {
        byte[] bytes = new byte[length];
        Assert.Equal(AccessOutcome.Done, space.Read(at, bytes).Outcome);
        return bytes;
    }

    public static void Expect(this AddressSpace space, VirtualAddress at, ReadOnlySpan<byte> bytes) => AssertSame(bytes, space.Get(at, bytes.Length));

    public static void Protect(this AddressSpace space, VirtualAddress at, ulong length, Protection protection) => Assert.Equal(Errno.None, space.TryProtect(at, length, protection));

    public static void Advise(this AddressSpace space, VirtualAddress at, ulong length, MemoryAdvice advice) => Assert.Equal(Errno.None, space.TryAdvise(at, length, advice));

    public static void Unmap(this AddressSpace space, VirtualAddress at, ulong length) => Assert.Equal(Errno.None, space.TryUnmap(at, length));

    /// <summary>Moves to the device, and expects all of it to arrive with these bytes.</summary>
    public static void MigrateAll(this ProcessMirror mirror, VirtualAddress at, ReadOnlySpan<byte> expected)
    {
        byte[] seen = new byte[expected.Length];
        MirrorResult result = mirror.MigrateToDevice(at, seen);
        Assert.Equal((Errno.None, expected.Length / HmmHost.Page), (result.Errno, result.Pages));
        AssertSame(expected, seen);
    }

    /// <summary>Reads through the device, and expects these bytes.</summary>
    public static void ReadAll(this ProcessMirror mirror, VirtualAddress at, ReadOnlySpan<byte> expected)
    {
        byte[] seen = new byte[expected.Length];
        MirrorResult result = mirror.Read(at, seen);
        Assert.Equal((Errno.None, expected.Length / HmmHost.Page), (result.Errno, result.Pages));
        AssertSame(expected, seen);
    }

    /// <summary>The word of pagemap of one page, with the frame number.</summary>
    public static ulong Pagemap(this AddressSpace space, VirtualAddress at, bool isPrivileged = true)
    {
        ulong[] word = new ulong[1];
        space.ReadPagemap(at, word, isPrivileged);
        return word[0];
    }

    public static bool IsPresent(this AddressSpace space, VirtualAddress at) => (space.Pagemap(at) & (ulong)PagemapFlags.Present) != 0;

    public static PageFrameNumber FrameOf(this AddressSpace space, VirtualAddress at)
    {
        Assert.True(space.IsPresent(at));
        return new(space.Pagemap(at) & ((1UL << 55) - 1));
    }

    public static PageFrameNumber FirstFrame(this RangeList list)
    {
        foreach (ProvidedRange entry in list)
        {
            return entry.Range.Start.Frame;
        }

        throw new InvalidOperationException("The list is empty.");
    }

    public static void AssertSame(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        int at = expected.CommonPrefixLength(actual);
        Assert.True(at == expected.Length && at == actual.Length, $"bytes differ from {at} on, in page {at / HmmHost.Page} of {expected.Length / HmmHost.Page}");
    }
}
