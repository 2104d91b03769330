// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Reporting;

namespace Physr.Mm.Tests.Selftests;

/// <summary>Short forms for what tests do with a process's memory.</summary>
internal static class SelftestExtensions
{
    public static VirtualAddress Map(this AddressSpace space, int pages, Protection protection = Protection.ReadWrite, MemoryFile? file = null, bool isShared = false, VirtualAddress? at = null)
    {
        MapRequest request = new((ulong)(pages * SelftestHost.PageBytes), protection) { File = file, IsShared = isShared, Address = at ?? default, IsFixed = at is not null };
        Assert.Equal(Errno.None, space.TryMap(request, out VirtualAddress address));
        return address;
    }

    public static VirtualAddress At(this VirtualAddress address, int page) => address.Add((ulong)(page * SelftestHost.PageBytes));

    public static void Put(this AddressSpace space, VirtualAddress at, ReadOnlySpan<byte> bytes) => Assert.Equal(AccessOutcome.Done, space.Write(at, bytes).Outcome);

    public static void Expect(this AddressSpace space, VirtualAddress at, ReadOnlySpan<byte> bytes)
    {
        byte[] seen = new byte[bytes.Length];
        Assert.Equal(AccessOutcome.Done, space.Read(at, seen).Outcome);
        Assert.True(bytes.SequenceEqual(seen));
    }

    public static void Advise(this AddressSpace space, VirtualAddress at, int pages, MemoryAdvice advice) => Assert.Equal(Errno.None, space.TryAdvise(at, (ulong)(pages * SelftestHost.PageBytes), advice));

    public static void Protect(this AddressSpace space, VirtualAddress at, int pages, Protection protection) =>
        Assert.Equal(Errno.None, space.TryProtect(at, (ulong)(pages * SelftestHost.PageBytes), protection));

    public static void Unmap(this AddressSpace space, VirtualAddress at, int pages) => Assert.Equal(Errno.None, space.TryUnmap(at, (ulong)(pages * SelftestHost.PageBytes)));

    public static PinnedMemory Pin(this AddressSpace space, VirtualAddress at, int pages, PinFlags flags)
    {
        Assert.Equal(Errno.None, space.TryPin(at, (ulong)(pages * SelftestHost.PageBytes), flags, out PinnedMemory? pinned));
        return pinned!;
    }

    /// <summary>The bytes that whoever holds the pages sees, past all page tables.</summary>
    public static byte[] Bytes(this PinnedMemory pinned, PhysicalMemory memory)
    {
        List<byte> bytes = [];
        foreach (ProvidedRange entry in pinned.Frames)
        {
            for (ulong at = 0; at < entry.Range.Length; at += SelftestHost.PageBytes)
            {
                bytes.AddRange(memory.BytesAt(entry.Range.Start.Add(at).Frame));
            }
        }

        return [.. bytes];
    }

    public static PagemapFlags FlagsOf(this AddressSpace space, VirtualAddress at)
    {
        ulong[] word = new ulong[1];
        space.ReadPagemap(at, word, isPrivileged: false);
        return (PagemapFlags)word[0];
    }

    public static PageFrameNumber FrameOf(this AddressSpace space, VirtualAddress at)
    {
        ulong[] word = new ulong[1];
        space.ReadPagemap(at, word, isPrivileged: true);
        return new(word[0] & ((1UL << 55) - 1));
    }

    public static AccessOutcome Touch(this AddressSpace space, VirtualAddress at) => space.Load(at, out byte _);
}
