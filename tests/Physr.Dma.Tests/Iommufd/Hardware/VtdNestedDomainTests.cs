// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Physr.Dma.Iommufd.Hardware;
using Physr.Dma.Iommufd.Uapi;
using Physr.Dma.PageTables;
using Physr.Dma.Tests.Iommufd.Uapi;

namespace Physr.Dma.Tests.Iommufd.Hardware;

/// <summary>A guest's first stage, as bytes in its memory, over a second stage that moves every page elsewhere.</summary>
public sealed class VtdNestedDomainTests : IDisposable
{
    private const IommuAccess ReadWrite = IommuAccess.Read | IommuAccess.Write;
    private const ulong Guest = Mock.ApertureStart;
    private const ulong PresentUser = 0b101;
    private const ulong Writable = 0b10;
    private const int GuestPages = 32;

    private readonly UserProcess _memory = new(GuestPages, isScattered: true);
    private readonly MockDomain _second = new(tracksDirty: false);

    public VtdNestedDomainTests()
    {
        for (ulong page = 0; page < GuestPages; page++)
        {
            Assert.Equal(Errno.None, _second.Map(new(Guest + (page * 4096)), _memory.PhysicalOf(page * 4096), 4096, ReadWrite));
        }
    }

    public void Dispose()
    {
        for (ulong page = 0; page < GuestPages; page++)
        {
            _second.Unmap(new(Guest + (page * 4096)), 4096, new());
        }

        _second.FlushAll();
        _second.Dispose();
    }

    [Fact]
    public void R71_AnAddressGoesThroughBothStages()
    {
        VtdNestedDomain nested = Make();
        MapPage(0x7fff_1234_5000, guestPage: 9, Writable);
        Assert.True(nested.TryTranslate(new(0x7fff_1234_5678), ReadWrite, out IommuTranslation found));
        Assert.Equal(_memory.PhysicalOf((9 * 4096) + 0x678), found.Address);
        Assert.Equal(ReadWrite, found.Access);
        Assert.True(found.Leaf.Contains(new DmaAddress(0x7fff_1234_5678)));
        Assert.True(nested.TryTranslate(new(0x7fff_1234_5678), out found));
        Assert.Equal(_memory.PhysicalOf((9 * 4096) + 0x678), found.Address);
        Assert.False(nested.TryTranslate(new(0x7fff_1234_6000), IommuAccess.Read, out _));
        Assert.False(nested.TryTranslate(new(0x0000_8000_0000_0000), IommuAccess.Read, out _));
        Assert.False(nested.TryTranslate(new(ulong.MaxValue), IommuAccess.Read, out _));
    }

    [Fact]
    public void R71_WhatEitherStageForbidsIsForbidden()
    {
        VtdNestedDomain nested = Make();
        MapPage(0x1000, guestPage: 9, 0);
        Assert.True(nested.TryTranslate(new(0x1000), IommuAccess.Read, out IommuTranslation found));
        Assert.Equal(IommuAccess.Read, found.Access);
        Assert.False(nested.TryTranslate(new(0x1000), IommuAccess.Write, out _));

        MapPage(0x2000, guestPage: 10, Writable);
        Remap(10, IommuAccess.Read);
        Assert.False(nested.TryTranslate(new(0x2000), IommuAccess.Write, out _));
        Assert.True(nested.TryTranslate(new(0x2000), IommuAccess.Read, out _));

        // An entry without the user bit is the guest kernel's own.
        WriteEntry(Table(3), 3, (Guest + (11 * 4096)) | 0b11);
        Assert.False(nested.TryTranslate(new(0x3000), IommuAccess.Read, out _));
    }

    [Fact]
    public void R71_WhatTheHostTakesAwayIsGoneAtOnce_WhatTheGuestChangesAfterItsInvalidation()
    {
        VtdNestedDomain nested = Make();
        MapPage(0x1000, guestPage: 9, Writable);
        MapPage(0x2000, guestPage: 10, Writable);
        Assert.True(nested.TryTranslate(new(0x1000), IommuAccess.Read, out _));
        Assert.True(nested.TryTranslate(new(0x2000), IommuAccess.Read, out _));
        Assert.Equal(2, nested.CachedPages);
        WriteEntry(Table(3), 1, 0);
        Assert.True(nested.TryTranslate(new(0x1000), IommuAccess.Read, out _));
        Assert.Equal(Errno.None, Invalidate(nested, out uint done, new IommuHwptVtdS1Invalidate { Address = 0x1000, Pages = 1, Flags = 1 }));
        Assert.Equal(1U, done);
        Assert.False(nested.TryTranslate(new(0x1000), IommuAccess.Read, out _));

        _second.Unmap(new(Guest + (10 * 4096)), 4096, new());
        Assert.False(nested.TryTranslate(new(0x2000), IommuAccess.Read, out _));
        Assert.Equal(Errno.None, Invalidate(nested, out _, new IommuHwptVtdS1Invalidate { Pages = ulong.MaxValue }));
        Assert.Equal(0, nested.CachedPages);
    }

    [Fact]
    public void R71_AccessMarksTheGuestsEntries_AndAQuestionDoesNot()
    {
        VtdNestedDomain nested = Make(VtdStage1Flags.ExtendedAccessed);
        MapPage(0x1000, guestPage: 9, Writable);
        Assert.True(nested.TryTranslate(new(0x1000), out _));
        Assert.Equal(0UL, ReadEntry(Table(3), 1) & 0x460);
        Assert.True(nested.TryTranslate(new(0x1000), IommuAccess.Read, out _));
        Assert.Equal(0x420UL, ReadEntry(Table(3), 1) & 0x460);
        Assert.True(nested.TryTranslate(new(0x1000), IommuAccess.Write, out _));
        Assert.Equal(0x460UL, ReadEntry(Table(3), 1) & 0x460);
        Assert.Equal(0x420UL, ReadEntry(Table(0), 0) & 0x460);

        // Where the second stage does not let the guest's table be written, nothing can be marked and the access faults.
        MapPage(0x5000, guestPage: 12, Writable);
        Remap(4, IommuAccess.Read);
        Assert.False(nested.TryTranslate(new(0x5000), IommuAccess.Read, out _));
        Assert.True(nested.TryTranslate(new(0x5000), out _));
    }

    [Fact]
    public void R71_LargeLeavesOfTheGuestAreCutToTheHostsPages()
    {
        VtdNestedDomain nested = Make();
        MapPage(0x1000, guestPage: 9, Writable);
        WriteEntry(Table(2), 1, Guest | PresentUser | Writable | 0x80);
        Assert.True(nested.TryTranslate(new(0x20_0000 + (9 * 4096) + 5), IommuAccess.Read, out IommuTranslation found));
        Assert.Equal(_memory.PhysicalOf((9 * 4096) + 5), found.Address);
        Assert.True(found.Leaf.Length <= 4096);
        Assert.False(nested.TryTranslate(new(0x20_0000 + (GuestPages * 4096)), IommuAccess.Read, out _));
        Assert.Equal(Errno.None, Invalidate(nested, out _, new IommuHwptVtdS1Invalidate { Address = 0x3f_f000, Pages = 1 }));
        Assert.Equal(0, nested.CachedPages);
        WriteEntry(Table(2), 1, (Guest + 0x2000) | PresentUser | Writable | 0x80);
        Assert.False(nested.TryTranslate(new(0x20_0000), IommuAccess.Read, out _));
    }

    [Fact]
    public void R71_DataAndInvalidationsAreChecked()
    {
        Assert.Equal(Errno.EOPNOTSUPP, TryMake(2, default, 24));
        IommuHwptVtdS1 good = new() { TableAddress = Guest, AddressWidth = 48 };
        Assert.Equal(Errno.None, TryMake(1, good, 24));
        Assert.Equal(Errno.EINVAL, TryMake(1, good, 23));
        Assert.Equal(Errno.None, TryMake(1, good, 25));
        Assert.Equal(Errno.EOPNOTSUPP, TryMake(1, good with { Flags = 8 }, 24));
        Assert.Equal(Errno.EOPNOTSUPP, TryMake(1, good with { Reserved = 1 }, 24));
        Assert.Equal(Errno.EINVAL, TryMake(1, good with { AddressWidth = 39 }, 24));
        Assert.Equal(Errno.EINVAL, TryMake(1, good with { TableAddress = Guest + 8 }, 24));
        Assert.Equal(Errno.EINVAL, TryMake(1, good with { TableAddress = 1UL << 60 }, 24));

        VtdNestedDomain nested = Make();
        Assert.Equal(Errno.EOPNOTSUPP, Invalidate(nested, out uint done, new() { Pages = 1 }, new IommuHwptVtdS1Invalidate { Flags = 2 }));
        Assert.Equal(1U, done);
        Assert.Equal(Errno.EOPNOTSUPP, Invalidate(nested, out _, new IommuHwptVtdS1Invalidate { Reserved = 1 }));
        Assert.Equal(Errno.EINVAL, Invalidate(nested, out _, new IommuHwptVtdS1Invalidate { Address = 1, Pages = 1 }));
        Assert.Equal(Errno.EINVAL, Invalidate(nested, out _, new IommuHwptVtdS1Invalidate { Address = 4096, Pages = ulong.MaxValue }));
        Assert.Equal(Errno.EINVAL, nested.Invalidate(new(_memory, UserProcess.Address(0), 7, 24, 1), out _));
        Assert.Equal(Errno.EINVAL, nested.Invalidate(new(_memory, UserProcess.Address(0), 0, 23, 1), out _));
        Assert.Equal(Errno.E2BIG, nested.Invalidate(new(_memory, UserProcess.Address(0), 0, 8192, 1), out _));
        Assert.Equal(Errno.EFAULT, nested.Invalidate(new(_memory, new(8), 0, 24, 1), out _));
        Assert.Equal(Errno.EFAULT, nested.Invalidate(new(_memory, new(ulong.MaxValue - 30), 0, 24, 2), out _));
        Assert.Equal(Errno.EOPNOTSUPP, nested.Map(new(0), new(0), 4096, ReadWrite));
    }

    private static Errno Apply(VtdNestedDomain nested, UserProcess process, uint count, out uint done) =>
        nested.Invalidate(new(process, UserProcess.Address(0), VtdNestedDomain.InvalidationType, 24, count), out done);

    private static Errno Invalidate(VtdNestedDomain nested, out uint done, params IommuHwptVtdS1Invalidate[] requests)
    {
        UserProcess process = new(1);
        Assert.Equal(Errno.None, process.TryWrite(UserProcess.Address(0), MemoryMarshal.AsBytes(requests.AsSpan())));
        return Apply(nested, process, (uint)requests.Length, out done);
    }

    /// <summary>The guest's tables are its pages 1 to 4, top first; page 0 of the guest is not used.</summary>
    private static ulong Table(int depth) => (ulong)(1 + depth) * 4096;

    private VtdNestedDomain Make(VtdStage1Flags flags = VtdStage1Flags.None)
    {
        IommuHwptVtdS1 data = new() { TableAddress = Guest + Table(0), AddressWidth = 48, Flags = (ulong)flags };
        Assert.Equal(Errno.None, VtdNestedDomain.TryCreate(_second, _memory, VtdNestedDomain.DataType, MemoryMarshal.AsBytes(new ReadOnlySpan<IommuHwptVtdS1>(in data)), out VtdNestedDomain? nested));
        return nested!;
    }

    private Errno TryMake(uint type, IommuHwptVtdS1 data, int length)
    {
        byte[] bytes = new byte[Math.Max(length, 24)];
        MemoryMarshal.Write(bytes, in data);
        return VtdNestedDomain.TryCreate(_second, _memory, type, bytes.AsSpan(0, length), out _);
    }

    private void MapPage(ulong iova, ulong guestPage, ulong bits)
    {
        for (int depth = 0; depth < 4; depth++)
        {
            int shift = 39 - (9 * depth);
            ulong next = depth == 3 ? (Guest + (guestPage * 4096)) | PresentUser | bits : (Guest + Table(depth + 1)) | PresentUser | Writable;
            WriteEntry(Table(depth), (iova >> shift) & 511, next);
        }
    }

    private void Remap(ulong guestPage, IommuAccess access)
    {
        _second.Unmap(new(Guest + (guestPage * 4096)), 4096, new());
        Assert.Equal(Errno.None, _second.Map(new(Guest + (guestPage * 4096)), _memory.PhysicalOf(guestPage * 4096), 4096, access));
    }

    private void WriteEntry(ulong table, ulong index, ulong entry) => _memory.Put(UserProcess.Address(table + (index * 8)), entry);

    private ulong ReadEntry(ulong table, ulong index)
    {
        Span<byte> bytes = stackalloc byte[8];
        _memory.Read(_memory.PhysicalOf(table + (index * 8)), bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
