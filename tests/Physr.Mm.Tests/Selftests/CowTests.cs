// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Mm.Tests.Selftests.SelftestHost;

namespace Physr.Mm.Tests.Selftests;

/// <summary>Copy-on-write beside references and pins (the kernel's <c>cow.c</c>, section 4.7): on small pages, and on 2 MiB pages in the states that they can be in.</summary>
/// <remarks><c>vmsplice</c> holds references; a buffer that io_uring registered is a long pin. There is no fast path: one pin stands for both.</remarks>
public sealed class CowTests
{
    public enum Size
    {
        Small,
        Huge,
        HugeByParts,
        PartOfHuge,
        HugeHalfShared,
    }

    public static TheoryData<Size> Sizes() => [Size.Small, Size.Huge, Size.HugeByParts, Size.PartOfHuge, Size.HugeHalfShared];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void basic_cow(Size size) => With(size, (host, parent, at) =>
    {
        AddressSpace child = host.Fork(parent);
        parent.Put(at, Fill(1, 0xff));
        child.Expect(at, Fill(1, 1));
        child.Put(at, Fill(1, 0xee));
        parent.Expect(at, Fill(1, 0xff));
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void basic_cow_mprotect(Size size) => With(size, (host, parent, at) =>
    {
        AddressSpace child = host.Fork(parent);
        parent.Protect(at, 1, Protection.Read);
        parent.Protect(at, 1, Protection.ReadWrite);
        parent.Put(at, Fill(1, 0xff));
        child.Expect(at, Fill(1, 1));
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void vmsplice_child(Size size) => Splice(size, withProtect: false);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void vmsplice_child_mprotect(Size size) => Splice(size, withProtect: true);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void vmsplice_before_fork(Size size) => With(size, (host, parent, at) =>
    {
        using PinnedMemory pipe = parent.Pin(at, 1, PinFlags.ReferenceOnly);
        AddressSpace child = host.Fork(parent);
        parent.Unmap(at, 1);
        child.Put(at, Fill(1, 0xff));
        Assert.Equal(Fill(1, 1), pipe.Bytes(host.Memory));
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void vmsplice_after_fork(Size size) => With(size, (host, parent, at) =>
    {
        AddressSpace child = host.Fork(parent);
        using PinnedMemory pipe = parent.Pin(at, 1, PinFlags.ReferenceOnly);
        parent.Unmap(at, 1);
        child.Put(at, Fill(1, 0xff));
        Assert.Equal(Fill(1, 1), pipe.Bytes(host.Memory));
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void iouring_ro(Size size) => With(size, (host, parent, at) =>
    {
        // A registered buffer whose page is made read-only and writable again: the process still writes the page that the device sees.
        using PinnedMemory buffer = parent.Pin(at, 1, PinFlags.LongTerm | PinFlags.Write);
        parent.Protect(at, 1, Protection.Read);
        parent.Protect(at, 1, Protection.ReadWrite);
        parent.Put(at, Fill(1, 0xff));
        Assert.Equal(Fill(1, 0xff), buffer.Bytes(host.Memory));
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void iouring_fork(Size size) => With(size, (host, parent, at) =>
    {
        using PinnedMemory buffer = parent.Pin(at, 1, PinFlags.LongTerm | PinFlags.Write);
        AddressSpace child = host.Fork(parent);
        parent.Put(at, Fill(1, 0xff));
        Assert.Equal(Fill(1, 0xff), buffer.Bytes(host.Memory));
        child.Expect(at, Fill(1, 1));
        child.Put(at, Fill(1, 0xee));
        Assert.Equal(Fill(1, 0xff), buffer.Bytes(host.Memory));
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ro_pin_on_shared(Size size) => With(size, (host, parent, at) =>
    {
        AddressSpace child = host.Fork(parent);
        ReadOnlyPin(host, parent, at);
        child.Expect(at, Fill(1, 1));
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ro_pin_on_ro_previously_shared(Size size) => With(size, (host, parent, at) =>
    {
        host.Fork(parent).Dispose();
        ReadOnlyPin(host, parent, at);
    });

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ro_pin_on_ro_exclusive(Size size) => With(size, (host, parent, at) =>
    {
        parent.Protect(at, 1, Protection.Read);
        PageFrameNumber frame = parent.FrameOf(at);
        using (PinnedMemory pinned = parent.Pin(at, 1, PinFlags.None))
        {
            // Of a half that a child has too, the pin gets a copy.
            Assert.Equal(size != Size.HugeHalfShared, frame == parent.FrameOf(at));
        }

        parent.Protect(at, 1, Protection.ReadWrite);
        ReadOnlyPin(host, parent, at);
    });

    [Theory]
    [InlineData("zeros", false)]
    [InlineData("huge zeros", false)]
    [InlineData("shared memory", false)]
    [InlineData("file", false)]
    [InlineData("zeros", true)]
    [InlineData("huge zeros", true)]
    [InlineData("shared memory", true)]
    [InlineData("file", true)]
    public void non_anonymous(string kind, bool isPinned) => Run(host =>
    {
        AddressSpace process = host.Process();
        MemoryFile? file = kind switch
        {
            "shared memory" => host.Last(new SharedMemoryFile(host.Memory, "memfd", Huge)),
            "file" => host.Last(new StoredFile(host.Memory, "file", new ByteStore(Huge))),
            _ => null,
        };
        VirtualAddress at = process.Map(512, file: file);
        process.Advise(at, 512, kind == "huge zeros" ? MemoryAdvice.HugePage : MemoryAdvice.NoHugePage);
        process.Expect(at, Fill(2, 0));
        if (isPinned)
        {
            // A long pin to read of what is only read so far gets a page of the process's own, so that later writes are seen through it.
            using PinnedMemory pinned = process.Pin(at, 1, PinFlags.LongTerm);
            process.Put(at, Fill(1, 0xff));
            Assert.Equal(Fill(1, 0xff), pinned.Bytes(host.Memory));
        }

        process.Put(at, Fill(1, 0xee));
        process.Expect(at.At(1), Fill(1, 0));
        AddressSpace other = host.Process();
        VirtualAddress fresh = other.Map(512, Protection.Read, file);
        other.Expect(fresh, Fill(1, 0));
    });

    private static void ReadOnlyPin(SelftestHost host, AddressSpace process, VirtualAddress at)
    {
        foreach (PinFlags flags in (PinFlags[])[PinFlags.None, PinFlags.LongTerm])
        {
            using PinnedMemory pinned = process.Pin(at, 1, flags);
            process.Put(at, Fill(1, 0xff));
            Assert.Equal(Fill(1, 0xff), pinned.Bytes(host.Memory));
        }
    }

    private static void Splice(Size size, bool withProtect) => With(size, (host, parent, at) =>
    {
        AddressSpace child = host.Fork(parent);
        using PinnedMemory pipe = child.Pin(at, 1, PinFlags.ReferenceOnly);
        child.Unmap(at, 1);
        if (withProtect)
        {
            parent.Protect(at, 1, Protection.Read);
            parent.Protect(at, 1, Protection.ReadWrite);
        }

        parent.Put(at, Fill(1, 0xff));
        Assert.Equal(Fill(1, 1), pipe.Bytes(host.Memory));
    });

    private static void With(Size size, Action<SelftestHost, AddressSpace, VirtualAddress> test) => Run(host =>
    {
        AddressSpace parent = host.Process();
        VirtualAddress at = parent.Map(512);
        parent.Advise(at, 512, size == Size.Small ? MemoryAdvice.NoHugePage : MemoryAdvice.HugePage);
        parent.Put(at, Fill(size == Size.Small ? 1 : 512, 1));
        switch (size)
        {
            case Size.HugeByParts:
                parent.Protect(at.At(7), 1, Protection.Read);
                parent.Protect(at.At(7), 1, Protection.ReadWrite);
                break;
            case Size.PartOfHuge:
                parent.Unmap(at.At(1), 511);
                break;
            case Size.HugeHalfShared:
                parent.Advise(at.At(256), 256, MemoryAdvice.DontFork);
                host.Fork(parent);
                break;
        }

        test(host, parent, at);
    });
}
