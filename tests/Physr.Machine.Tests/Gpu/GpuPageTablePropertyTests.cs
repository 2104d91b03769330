// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Host;
using Physr.Machine.Gpu.Mmu;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Gpu;

public sealed class GpuPageTablePropertyTests
{
    private const ulong Large = 2UL << 20;

    // The arena lies across a table of every level: 5 blocks of 2 MiB before and after a multiple of 512 GiB.
    private const ulong Arena = (3UL << 39) - (5 * Large);
    private const ulong ArenaPages = 10 * 512;

    [Fact]
    public void RandomMapsUnmapsAndProtects_TranslateAsADictionarySays()
    {
        int largeLeaves = 0;
        for (ulong seed = 1; seed <= 40; seed++)
        {
            SeededRandom random = new(seed);
            using GpuMmuFixture fixture = new(seed);
            Dictionary<ulong, (GpuPageTarget Target, GpuPageFlags Flags)> oracle = [];
            for (int round = 0; round < 60; round++)
            {
                ulong page = random.Below(ArenaPages);
                ulong count = Math.Min(ArenaPages - page, 1 + random.Below(random.Below(3) == 0 ? 2000UL : 40UL));
                if (random.Below(4) == 0)
                {
                    page &= ~511UL;
                    count = Math.Min(ArenaPages - page, 512 * (1 + random.Below(3)));
                }

                Change(fixture.Context, oracle, random, page, count);
                Assert.Equal(Errno.None, random.Below(2) == 0 ? fixture.Context.InvalidateAll() : fixture.Context.Invalidate(At(page), count * 4096));
                Assert.Equal((ulong)oracle.Count, fixture.Context.MappedPages);
                Check(fixture, oracle, random, page, count);
            }

            for (ulong page = 0; page < ArenaPages; page++)
            {
                Assert.Equal(oracle.ContainsKey(page), fixture.Context.TryFind(At(page), out _, out ulong pageSize));
                largeLeaves += pageSize == Large ? 1 : 0;
                Access(fixture, oracle, page, GpuAccess.Read, seed);
            }

            fixture.Context.Unmap(At(0), ArenaPages * 4096);
            Assert.Equal(1, fixture.Mmu.TablesInUse);
        }

        Assert.NotEqual(0, largeLeaves);
    }

    private static VirtualAddress At(ulong page) => new(Arena + (page * 4096));

    private static void Change(GpuContext context, Dictionary<ulong, (GpuPageTarget Target, GpuPageFlags Flags)> oracle, SeededRandom random, ulong page, ulong count)
    {
        GpuPageFlags flags = random.Below(3) switch { 0 => GpuPageFlags.None, 1 => GpuMmuFixture.Writable, _ => GpuMmuFixture.Exclusive };
        switch (random.Below(5))
        {
            case 0:
                ulong mapped = 0;
                for (ulong i = 0; i < count; i++)
                {
                    mapped += oracle.Remove(page + i) ? 1UL : 0;
                }

                Assert.Equal(mapped, context.Unmap(At(page), count * 4096));
                break;
            case 1:
                ulong changed = 0;
                for (ulong i = 0; i < count; i++)
                {
                    if (oracle.TryGetValue(page + i, out (GpuPageTarget Target, GpuPageFlags Flags) old) && old.Flags != flags)
                    {
                        oracle[page + i] = (old.Target, flags);
                        changed++;
                    }
                }

                Assert.Equal(changed, context.Protect(At(page), count * 4096, flags));
                break;
            default:
                bool isLocal = random.Below(2) == 0;
                ulong start = random.Below(3) == 0 ? random.Below(4) * Large : random.Below(1000) * 4096;
                GpuPageTarget target = isLocal ? GpuPageTarget.Local(start) : GpuPageTarget.System(new((1UL << 40) + start));
                GpuPageMapping[] mappings = [.. Enumerable.Range(0, (int)count).Select(i => new GpuPageMapping(At(page + (ulong)i), target.Add((ulong)i * 4096), flags))];
                Assert.Equal(Errno.None, random.Below(2) == 0 ? context.TryMap(mappings) : context.TryMap(At(page), count * 4096, target, flags));
                for (ulong i = 0; i < count; i++)
                {
                    oracle[page + i] = (target.Add(i * 4096), flags);
                }

                break;
        }
    }

    private static void Check(GpuMmuFixture fixture, Dictionary<ulong, (GpuPageTarget Target, GpuPageFlags Flags)> oracle, SeededRandom random, ulong page, ulong count)
    {
        for (int i = 0; i < 40; i++)
        {
            Access(fixture, oracle, random.Below(2) == 0 ? random.Below(ArenaPages) : page + random.Below(count), (GpuAccess)random.Below(3), random.Below(4096));
        }
    }

    private static void Access(GpuMmuFixture fixture, Dictionary<ulong, (GpuPageTarget Target, GpuPageFlags Flags)> oracle, ulong page, GpuAccess access, ulong within)
    {
        GpuTranslateStatus expected = GpuTranslateStatus.NotPresent;
        if (oracle.TryGetValue(page, out (GpuPageTarget Target, GpuPageFlags Flags) mapping))
        {
            expected = access == GpuAccess.Read || mapping.Flags == GpuMmuFixture.Exclusive || (access == GpuAccess.Write && mapping.Flags == GpuMmuFixture.Writable)
                ? GpuTranslateStatus.Success
                : mapping.Flags == GpuPageFlags.None ? GpuTranslateStatus.WriteProtected : GpuTranslateStatus.AtomicDenied;
        }

        GpuTranslateStatus status = fixture.Device.Mmu.Translate(fixture.Context.Id, At(page).Value + within, access, out GpuTranslation translation, out _);
        Assert.Equal(expected, status);
        if (status == GpuTranslateStatus.Success)
        {
            Assert.Equal(new(mapping.Target.Aperture == GpuAperture.System, mapping.Target.Value + within), translation);
        }
    }
}
