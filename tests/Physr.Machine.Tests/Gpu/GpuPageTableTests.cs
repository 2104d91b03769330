// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Host;
using Physr.Machine.Gpu.Mmu;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Gpu;

public sealed class GpuPageTableTests
{
    private const ulong Large = 2UL << 20;

    [Theory]
    [InlineData(0UL)]
    [InlineData(0x1F_F000UL)]
    [InlineData(0x3FFF_F000UL)]
    [InlineData(0x7F_FFFF_F000UL)]
    [InlineData(0x80_4020_1000UL)]
    [InlineData(0xFFFF_FFFF_F000UL)]
    public void APageAnywhereInTheSpace_IsFoundThroughFourTables(ulong page)
    {
        using GpuMmuFixture fixture = new(1);
        GpuPageTarget target = GpuPageTarget.Local(fixture.Allocate());
        fixture.Map(page, 4096, target);
        fixture.Set(target.Add(0xFF8), 5UL);
        Assert.True(fixture.Transform(page + 0xFF8).IsSuccess);
        Assert.Equal(GpuMix.Mix(5, 7), fixture.Word(target.Add(0xFF8)));
        Assert.Equal(GpuTranslateStatus.Success, fixture.Device.Mmu.Translate(0, page ^ 0xFF8, GpuAccess.Read, out _, out int cached));
        Assert.Equal(0, cached);
        Assert.Equal(GpuTranslateStatus.NotPresent, fixture.Device.Mmu.Translate(0, page ^ 0x1000, GpuAccess.Read, out _, out int steps));
        Assert.Equal(4, steps);
        Assert.Equal(4, fixture.Mmu.TablesInUse);
        Assert.Equal(1UL, fixture.Context.Unmap(new(page), 4096));
        Assert.Equal(1, fixture.Mmu.TablesInUse);
    }

    [Fact]
    public void TwoMebibytesInOnePiece_AreOneLeaf_WhicheverWayTheyAreMapped()
    {
        using GpuMmuFixture fixture = new(1);
        ulong block = fixture.Allocate(9);
        GpuPageMapping[] pages = [.. Enumerable.Range(0, 514).Select(i =>
            new GpuPageMapping(new(Large - 4096 + ((ulong)i * 4096)), i is 0 or 513 ? GpuPageTarget.Local(fixture.Allocate()) : GpuPageTarget.Local(block + (ulong)((i - 1) * 4096)), GpuMmuFixture.Writable))];
        Assert.Equal(Errno.None, fixture.Context.TryMap(pages));
        Assert.Equal(514UL, fixture.Context.MappedPages);
        Assert.True(fixture.Context.TryFind(new(Large + 0x12_3456), out GpuPageMapping found, out ulong pageSize));
        Assert.Equal(Large, pageSize);
        Assert.Equal(new(new(Large + 0x12_3000), GpuPageTarget.Local(block + 0x12_3000), GpuMmuFixture.Writable), found);
        Assert.Equal(GpuTranslateStatus.Success, fixture.Device.Mmu.Translate(0, Large + 0x12_3456, GpuAccess.Write, out GpuTranslation target, out int steps));
        Assert.Equal(3, steps);
        Assert.Equal(new(false, block + 0x12_3456), target);
        Assert.Equal(GpuTranslateStatus.Success, fixture.Device.Mmu.Translate(0, Large + 0x1F_FFFF, GpuAccess.Write, out _, out int cached));
        Assert.Equal(0, cached);
        Assert.True(fixture.Context.TryFind(new(Large - 1), out _, out pageSize));
        Assert.Equal(4096UL, pageSize);
    }

    [Fact]
    public void PartOfALargeLeafUnmappedOrChanged_LeavesTheRestAsItWas()
    {
        using GpuMmuFixture fixture = new(1);
        fixture.Map(Large, Large, GpuPageTarget.Local(fixture.Allocate(9)));
        Assert.True(fixture.Context.TryFind(new(Large), out GpuPageMapping first, out _));
        int tables = fixture.Mmu.TablesInUse;
        Assert.Equal(1UL, fixture.Context.Unmap(new(Large + 0x5000), 4096));
        Assert.Equal(2UL, fixture.Context.Protect(new(Large + 0x4000), 0x3000, GpuPageFlags.None));
        Assert.Equal(tables, fixture.Mmu.TablesInUse);
        Assert.Equal(511UL, fixture.Context.MappedPages);
        for (ulong at = 0; at < Large; at += 4096)
        {
            GpuTranslateStatus status = fixture.Device.Mmu.Translate(0, Large + at, GpuAccess.Write, out GpuTranslation target, out _);
            Assert.Equal(at switch { 0x5000 => GpuTranslateStatus.NotPresent, 0x4000 or 0x6000 => GpuTranslateStatus.WriteProtected, _ => GpuTranslateStatus.Success }, status);
            Assert.Equal(status == GpuTranslateStatus.Success ? first.Target.Value + at : 0, target.Address);
        }

        // Mapped anew as a whole, it is one leaf again.
        fixture.Map(Large, Large, first.Target);
        Assert.Equal(tables, fixture.Mmu.TablesInUse);
        Assert.True(fixture.Context.TryFind(new(Large), out _, out ulong pageSize));
        Assert.Equal(Large, pageSize);
    }

    [Fact]
    public void WhereTablesAreWanting_NothingIsMappedAndNothingLeaks()
    {
        using GpuMmuFixture fixture = new(1, allocatable: 2UL << 20);
        int before = fixture.Mmu.TablesInUse;
        GpuPageMapping[] pages = [.. Enumerable.Range(0, 600).Select(static i =>
            new GpuPageMapping(new((ulong)i << 30), GpuMmuFixture.User((ulong)i * 4096), GpuMmuFixture.Writable))];
        Assert.Equal(Errno.ENOMEM, fixture.Context.TryMap(pages));
        Assert.Equal(Errno.ENOMEM, fixture.Context.TryMap(new(0), 1UL << 31, GpuPageTarget.System(new(0)), GpuPageFlags.None));

        // Here the tables that lack nothing hang in the one that was made for the page that lacks one.
        GpuPageMapping[] neighbours = [.. pages.Select(static (page, i) => page with { Page = new((ulong)i * Large) })];
        Assert.Equal(Errno.ENOMEM, fixture.Context.TryMap(neighbours));
        Assert.Equal(before, fixture.Mmu.TablesInUse);
        Assert.Equal(0UL, fixture.Context.MappedPages);
        Assert.False(fixture.Context.TryFind(new(0), out _, out _));
        Assert.Equal(Errno.None, fixture.Context.TryMap(pages.AsSpan(0, 200)));

        // Splitting and unmapping need no table.
        fixture.Context.Unmap(new(0), 1UL << 47);
        fixture.Map(0, Large * 4, GpuPageTarget.System(new(0)));
        Assert.Equal(4UL, fixture.Context.Unmap([new(0x1000), new(0x2000), new(0x3000), new(Large * 2)]));
        Assert.Equal((4UL * 512) - 4, fixture.Context.MappedPages);
    }

    public static TheoryData<ulong, ulong, GpuAperture, ulong, GpuPageFlags> Unsayable => new()
    {
        { 1, 4096, GpuAperture.Local, 0, GpuPageFlags.None },
        { 0, 100, GpuAperture.Local, 0, GpuPageFlags.None },
        { 0, 4096, GpuAperture.Local, 8, GpuPageFlags.None },
        { 0, 4096, GpuAperture.Local, GpuFixture.MemorySize, GpuPageFlags.None },
        { 0, 8192, GpuAperture.Local, GpuFixture.MemorySize - 4096, GpuPageFlags.None },
        { 0, 4096, GpuAperture.System, 1UL << 52, GpuPageFlags.None },
        { 1UL << 48, 4096, GpuAperture.Local, 0, GpuPageFlags.None },
        { (1UL << 48) - 4096, 8192, GpuAperture.Local, 0, GpuPageFlags.None },
        { 0, 4096, GpuAperture.Local, 0, GpuPageFlags.Atomic },
    };

    [Theory]
    [MemberData(nameof(Unsayable))]
    public void WhatNoEntryCanSay_IsRefused(ulong page, ulong length, GpuAperture aperture, ulong target, GpuPageFlags flags)
    {
        using GpuMmuFixture fixture = new(1);
        Assert.Equal(Errno.EINVAL, fixture.Context.TryMap(new(page), length, new(aperture, target), flags));
        Assert.Equal(1, fixture.Mmu.TablesInUse);
    }

    [Fact]
    public void ContextsSeeTheirOwnPagesAlone()
    {
        using GpuMmuFixture fixture = new(1);
        using GpuContext other = fixture.CreateContext();
        GpuPageTarget mine = GpuPageTarget.Local(fixture.Allocate());
        GpuPageTarget theirs = GpuPageTarget.Local(fixture.Allocate());
        fixture.Map(0x1000, 4096, mine);
        fixture.Set(mine, 1UL);
        fixture.Set(theirs, 1UL);
        Assert.True(fixture.Transform(0x1000).IsSuccess);
        GpuComputeCommand command = new(GpuComputeOpcode.Transform, (ushort)other.Id, 0x1000, 0, 8, 9);
        GpuComputeResult refused = fixture.Run(command);
        Assert.Equal(GpuComputeStatus.FaultCancelled, refused.Status);
        Assert.Equal(0x1000UL, refused.Address.Value);
        Assert.Equal(Errno.None, other.TryMap(new(0x1000), 4096, theirs, GpuMmuFixture.Writable));
        Assert.True(fixture.Run(command).IsSuccess);
        Assert.Equal(GpuMix.Mix(1, 7), fixture.Word(mine));
        Assert.Equal(GpuMix.Mix(1, 9), fixture.Word(theirs));

        // Whole invalidation of one leaves the other's.
        Assert.Equal(Errno.None, other.InvalidateAll());
        fixture.Device.Mmu.Translate(fixture.Context.Id, 0x1000, GpuAccess.Read, out _, out int steps);
        Assert.Equal(0, steps);
        fixture.Device.Mmu.Translate(other.Id, 0x1000, GpuAccess.Read, out _, out steps);
        Assert.Equal(4, steps);
    }

    [Fact]
    public void AContextThatIsGone_IsNoContext_AndItsSuccessorInheritsNothing()
    {
        using GpuMmuFixture fixture = new(1);
        GpuContext gone = fixture.CreateContext();
        gone.TryMap(new(0x1000), 4096, GpuPageTarget.Local(fixture.Allocate()), GpuMmuFixture.Writable);
        GpuComputeCommand command = new(GpuComputeOpcode.Transform, (ushort)gone.Id, 0x1000, 0, 8, 9);
        Assert.True(fixture.Run(command).IsSuccess);
        gone.Dispose();
        Assert.Equal(GpuComputeStatus.NoContext, fixture.Run(command).Status);
        Assert.Equal(GpuComputeStatus.NoContext, fixture.Run(command with { Context = 64 }).Status);
        GpuContext heir = fixture.CreateContext();
        Assert.Equal(gone.Id, heir.Id);
        Assert.Equal(GpuComputeStatus.FaultCancelled, fixture.Run(command).Status);
    }

    [Fact]
    public void ContextsRunOut()
    {
        using GpuMmuFixture fixture = new(1);
        for (int i = 1; i < GpuMmuRegisters.Contexts; i++)
        {
            fixture.CreateContext();
        }

        Assert.Equal(Errno.ENOSPC, fixture.Mmu.TryCreateContext(out _));
        Assert.Equal(GpuMmuRegisters.Contexts, fixture.Mmu.ContextsInUse);
    }

    [Theory]
    [InlineData(GpuPageEntry.Valid | GpuPageEntry.Writable | 0x8000_0000UL, GpuComputeStatus.BadPageTable)]
    [InlineData(GpuPageEntry.Valid | GpuPageEntry.Writable | 0x2200000UL, GpuComputeStatus.BadPageTable)]
    [InlineData(GpuPageEntry.Valid | GpuPageEntry.Writable | GpuPageEntry.Large | 0x1000UL, GpuComputeStatus.BadPageTable)]
    [InlineData(GpuPageEntry.Valid | GpuPageEntry.Writable | 1UL << 60, GpuComputeStatus.BadPageTable)]
    [InlineData(GpuPageEntry.Valid | GpuPageEntry.Writable | GpuPageEntry.System | 0x1000UL, GpuComputeStatus.BusError)]
    [InlineData(GpuPageEntry.Writable | 0x1000UL, GpuComputeStatus.FaultCancelled)]
    public void GarbageInALeaf_EndsTheCommandWithAName(ulong entry, GpuComputeStatus expected)
    {
        using GpuMmuFixture fixture = new(1);
        fixture.Map(0x1000, 4096, GpuPageTarget.Local(fixture.Allocate()));
        ulong table = fixture.Context.Root;
        for (int level = 3; level > 0; level--)
        {
            table = fixture.Word(GpuPageTarget.Local(table)) & GpuPageEntry.AddressMask;
        }

        fixture.Set(GpuPageTarget.Local(table + 8), entry);
        GpuComputeResult result = fixture.Transform(0x1010);
        Assert.Equal(expected, result.Status);
        Assert.Equal(0x1010UL, result.Address.Value);
        Assert.Equal(expected == GpuComputeStatus.BusError ? Bus.BusStatus.UnsupportedRequest : Bus.BusStatus.Success, result.BusStatus);
    }

    [Fact]
    public void GarbageInAllTables_NeverThrows()
    {
        HashSet<GpuComputeStatus> seen = [];
        for (ulong seed = 1; seed <= 60; seed++)
        {
            SeededRandom random = new(seed);
            using GpuMmuFixture fixture = new(seed);
            byte[] noise = new byte[4096];
            for (int table = 0; table < 8; table++)
            {
                for (int i = 0; i < 512; i++)
                {
                    ulong next = fixture.Context.Root + (random.Below(8) << 12);
                    ulong entry = random.Below(4) == 0 ? random.Next() : random.Below(3) == 0 ? next | (random.Next() & 0x1F) : next | 1;
                    BitConverter.TryWriteBytes(noise.AsSpan(i * 8), entry);
                }

                fixture.Set(GpuPageTarget.Local(fixture.Context.Root + ((ulong)table << 12)), noise);
            }

            for (int i = 0; i < 30; i++)
            {
                GpuComputeOpcode opcode = (GpuComputeOpcode)random.Below(9);
                seen.Add(fixture.Run(new(opcode, 0, (random.Next() >> 16) & ~7UL, (random.Next() >> 16) & ~7UL, random.Below(200_000) & ~7UL, random.Next(), random.Below(9) * 8)).Status);
            }
        }

        Assert.Superset(new HashSet<GpuComputeStatus> { GpuComputeStatus.BadPageTable, GpuComputeStatus.FaultCancelled, GpuComputeStatus.InvalidCommand, GpuComputeStatus.BusError }, seen);
    }
}
