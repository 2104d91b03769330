// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Sharing;
using Physr.Dma.Tests.Sharing;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>Users who call anything with anything, from many threads: they get the dictionary's errors, never an exception, and leave nothing behind.</summary>
public sealed class HostileTests
{
    private const ulong Pages = 64;

    private static readonly HashSet<Errno> s_dictionary =
    [
        Errno.None, Errno.ENOTTY, Errno.E2BIG, Errno.EOPNOTSUPP, Errno.EINVAL, Errno.ENOENT, Errno.EOVERFLOW, Errno.EEXIST, Errno.EMSGSIZE, Errno.EADDRINUSE, Errno.ENOSPC, Errno.EBUSY,
        Errno.EDEADLOCK, Errno.EFAULT, Errno.ENOMEM, Errno.EPERM, Errno.ENODEV,
    ];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public async Task R71_ManyThreadsOfRandomCallsGetTheDictionarysErrors(int seed, bool closesMeanwhile)
    {
        SliceHost host = new();
        DmaBuf buffer = host.Export(new BarSlice(0, 1 << 16));
        FakeRam ram = new();
        FakeProcess process = new(ram, userLocked: new(600));
        process.Allocate(IommufdRig.Buffer, Pages * PageSize.Size4K);
        FakeFile file = new(ram, Pages * PageSize.Size4K);
        IommufdContext context = new(process, new() { Memory = ram, BatchPages = 5 });
        Task[] users = [.. Enumerable.Range(0, 4).Select(i => Task.Run(() => new User(context, process, file, buffer, (seed * 100) + i).Run(1500)))];
        if (closesMeanwhile)
        {
            await Task.WhenAny(users[0], Task.Run(() =>
            {
                while (context.ObjectCount < 10 && !users[0].IsCompleted)
                {
                    Thread.Yield();
                }
            }));
            context.Dispose();
        }

        await Task.WhenAll(users);
        context.Dispose();
        Assert.Equal(Errno.ENODEV, context.CreateAddressSpace(out _));
        Assert.Equal((0, 0L), (context.ObjectCount, ram.Pins));
        Assert.Equal((0UL, 0UL), (process.Pinned.Pages, process.UserLocked.Pages));
        Assert.Equal(1, file.References);
        Assert.Equal(Errno.None, buffer.Unrevoke());
        host.AssertNothingLeft(buffer);
    }

    private sealed class User(IommufdContext context, FakeProcess process, FakeFile file, DmaBuf buffer, int seed)
    {
        private readonly Random _random = new(seed);

        public void Run(int calls)
        {
            for (int i = 0; i < calls; i++)
            {
                int which = _random.Next(24);
                Errno errno = Call(which);
                Assert.True(s_dictionary.Contains(errno), $"seed {seed}, call {i} of kind {which}: {errno}");
            }
        }

        private Errno Call(int which)
        {
            DmaAddress iova = new(Number());
            IoMapFlags flags = (IoMapFlags)_random.Next(_random.Next(4) == 0 ? 16 : 8);
            switch (which)
            {
                case 0:
                    return context.CreateAddressSpace(out _);
                case 1:
                    return _random.Next(6) == 0 ? context.Bind(new MockDevice($"{_random.Next()}") { IsPicky = _random.Next(2) == 0 }, out _) : Errno.None;
                case 2:
                    return context.Destroy((uint)_random.Next(40));
                case 3:
                    Errno created = context.CreateAccess(new Forgetful(_random.Next(2) == 0), out IommufdAccess? begun);
                    return created == Errno.None && Find(out IoAddressSpace? used) ? begun!.Attach(used!) : created;
                case 4 when Find(out IommufdAccess? ended):
                    ended!.Dispose();
                    return Errno.None;
                case 5 when _random.Next(5) == 0 && Find(out IommufdDevice? unbound):
                    unbound!.Unbind();
                    return Errno.None;
                case 6 when Find(out IommufdDevice? device) && Find(out IommufdObject? table):
                    return _random.Next(2) == 0 ? device!.Attach(table!, (uint)_random.Next(2)) : device!.Replace(table!, (uint)_random.Next(2));
                case 7 when Find(out IommufdDevice? device):
                    device!.Detach((uint)_random.Next(2));
                    return Errno.None;
                case 8 when Find(out IommufdDevice? device) && Find(out IoAddressSpace? ioas):
                    return context.CreatePageTable(device!, ioas!, IommuDomainRequest.Paging((IommuDomainFlags)_random.Next(16)), out _);
                case 9 when Find(out PagingHardwarePageTable? table):
                    return table!.GetDirtyBitmap(iova, Number(), Number(), _random.Next(2) == 0, new byte[_random.Next(64)]);
                case 10 when Find(out PagingHardwarePageTable? table):
                    return table!.SetDirtyTracking(_random.Next(2) == 0);
                case 11 when Find(out IoAddressSpace? ioas) && Find(out IoAddressSpace? source):
                    return ioas!.Copy(source!, new(Number()), Number(), ref iova, flags);
                case 12 when Find(out IoAddressSpace? ioas):
                    return ioas!.AllowIovas([new(new(Number()), new(Number())), new(new(Number()), new(Number()))]);
                case 13 when Find(out IoAddressSpace? ioas):
                    return ioas!.GetIovaRanges(new IovaRange[_random.Next(3)], out _, out _);
                case 14:
                    return context.SetOption((IommufdOption)_random.Next(3), (uint)_random.Next(20), Number() & 3);
                case 15 when Find(out IoAddressSpace? ioas):
                    return ioas!.MapFile(file, Number(), Number(), ref iova, flags);
                case 16 when Find(out IoAddressSpace? ioas):
                    return ioas!.MapDmaBuf(buffer, Number(), Number(), ref iova, flags);
                case 17:
                    return _random.Next(2) == 0 ? buffer.Revoke() : buffer.Unrevoke();
                case 18 when Find(out IommufdAccess? access):
                    return access!.Pin(iova, Number(), (AccessFlags)_random.Next(2), out _);
                case 19 when Find(out IommufdAccess? access):
                    return _random.Next(2) == 0
                        ? access!.Read(iova, new byte[_random.Next(9000)], (AccessFlags)_random.Next(8))
                        : access!.Write(iova, new byte[_random.Next(9000)], (AccessFlags)_random.Next(8));
                case 20 when Find(out IommufdAccess? access) && Find(out IoAddressSpace? ioas):
                    return _random.Next(3) == 0 ? access!.Detach() : access!.Replace(ioas!);
                case 21 when Find(out IoAddressSpace? ioas):
                    return ioas!.CutAt([new(Number()), new(Number())]);
                case 22 when _random.Next(10) == 0:
                    return context.ChangeProcess(process);
                default:
                    return Find(out IoAddressSpace? mapped) ? MapOrUnmap(mapped!, iova, flags) : Errno.None;
            }
        }

        private Errno MapOrUnmap(IoAddressSpace ioas, DmaAddress iova, IoMapFlags flags) => _random.Next(3) == 0
            ? _random.Next(30) == 0 ? ioas.Unmap(new(0), ulong.MaxValue, out _) : ioas.Unmap(iova, Number(), out _)
            : ioas.Map(new(_random.Next(8) == 0 ? Number() : IommufdRig.Buffer + (Number() & 0x3ffff)), Number(), ref iova, flags);

        private bool Find<T>(out T? found)
            where T : IommufdObject
        {
            List<T> all = context.Snapshot<T>();
            found = all.Count == 0 ? null : all[_random.Next(all.Count)];
            return found is not null;
        }

        /// <summary>Numbers that mean something, numbers near the end, and any.</summary>
        private ulong Number() => _random.Next(10) switch
        {
            0 => (ulong)_random.NextInt64(),
            1 => ulong.MaxValue - (ulong)_random.Next(3) * (ulong)_random.Next(5000),
            2 => (ulong)_random.Next(5),
            3 => 1UL << _random.Next(64),
            < 6 => MockDomain.Start + ((ulong)_random.Next(64) << 12),
            _ => (ulong)_random.Next(1, 16) << 11,
        };
    }

    /// <summary>Pins and never unpins by itself.</summary>
    private sealed class Forgetful(bool pins) : IAccessUser
    {
        public bool NeedsPinnedPages => pins;

        public void Unmap(DmaAddress iova, ulong length)
        {
        }
    }
}
