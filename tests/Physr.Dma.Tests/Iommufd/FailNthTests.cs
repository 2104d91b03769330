// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Memory;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>Each scenario of the suite's <c>iommufd_fail_nth</c>, with the Nth step that can fail failing, for every N until all pass (row R91): it ends with an error or not, and
/// nothing is left behind either way.</summary>
public sealed class FailNthTests
{
    private const ulong Buffer = IommufdRig.Buffer;
    private const ulong PageBytes = PageSize.Size4K;
    private const IoMapFlags ReadWrite = IommufdRig.ReadWrite;

    [Fact]
    public void R91_fail_nth_basic() => Repeat(least: 5, static run =>
    {
        IoAddressSpace ioas = run.NewIoas();
        IovaRange[] allowed = [new(new(1UL << 20), new(1UL << 30))];
        run.Must(ioas.AllowIovas(allowed));
        ulong iova = run.Map(ioas, Buffer, 64 * PageBytes);
        run.Copy(ioas, ioas, iova + 511, 4096);
        run.Unmap(ioas, iova, 64 * PageBytes);
        run.Must(ioas.AllowIovas([]));
        run.Must(ioas.Destroy());
    });

    [Fact]
    public void R91_fail_nth_map_domain() => Repeat(least: 15, static run =>
    {
        IoAddressSpace ioas = run.NewIoas();
        IommufdDevice device = run.Attach("a", ioas);
        ulong iova = run.Map(ioas, Buffer, 64 * PageBytes);
        run.Unmap(ioas, iova, 64 * PageBytes);
        run.Map(ioas, Buffer, 64 * PageBytes);
        device.Detach();

        // A new domain is filled from what is mapped.
        run.Must(device.Attach(ioas));
    });

    [Fact]
    public void R91_fail_nth_map_file_domain() => Repeat(least: 12, static run =>
    {
        IoAddressSpace ioas = run.NewIoas();
        IommufdDevice device = run.Attach("a", ioas);
        ulong iova = run.MapFile(ioas, 0, 64 * PageBytes);
        run.Unmap(ioas, iova, 64 * PageBytes);
        run.MapFile(ioas, PageBytes, 63 * PageBytes);
        device.Detach();
        run.Must(device.Attach(ioas));
        FakeProcess successor = run.Process.Fork();
        run.Must(run.Context.ChangeProcess(successor));
    });

    [Fact]
    public void R91_fail_nth_map_two_domains() => Repeat(least: 20, static run =>
    {
        IoAddressSpace ioas = run.NewIoas();
        IommufdDevice first = run.Attach("a", ioas);
        run.Attach("b", ioas);
        ulong iova = run.Map(ioas, Buffer, 64 * PageBytes);
        run.Unmap(ioas, iova, 64 * PageBytes);
        run.Map(ioas, Buffer, 64 * PageBytes);
        first.Detach();
        run.Must(first.Attach(ioas));
    });

    [Fact]
    public void R91_fail_nth_access_rw() => Repeat(least: 7, static run =>
    {
        IoAddressSpace ioas = run.NewIoas();
        ulong iova = run.Map(ioas, Buffer, 64 * PageBytes);
        IommufdAccess access = run.NewAccess(ioas, pins: false).Access!;
        byte[] bytes = new byte[4 * PageBytes];
        run.Must(access.Write(new(iova), bytes.AsSpan(0, 64)));
        run.Must(access.Read(new(iova + 100), bytes.AsSpan(0, 17)));
        run.Must(access.Write(new(iova + 4000), bytes, AccessFlags.Write | AccessFlags.SlowPath));
        run.Must(access.Read(new(iova + 4000), bytes, AccessFlags.SlowPath));
        IoAddressSpace other = run.NewIoas();
        run.Must(access.Replace(other));
        run.Must(access.Detach());
    });

    [Fact]
    public void R91_fail_nth_access_pin() => Repeat(least: 9, static run =>
    {
        IoAddressSpace ioas = run.NewIoas();
        ulong iova = run.Map(ioas, Buffer, 64 * PageBytes);
        TestAccessUser user = run.NewAccess(ioas, pins: true);
        run.Must(user.Pin(iova, 16 * PageBytes, AccessFlags.Write, out _));
        run.Must(user.Pin(iova + (8 * PageBytes), 16 * PageBytes, AccessFlags.Read, out _));
        run.Must(user.Unpin(iova, 16 * PageBytes));
        run.Unmap(ioas, iova, 64 * PageBytes);
    });

    [Fact]
    public void R91_fail_nth_access_pin_domain() => Repeat(least: 15, static run =>
    {
        IoAddressSpace ioas = run.NewIoas();
        IommufdDevice device = run.Attach("a", ioas);
        ulong iova = run.Map(ioas, Buffer, 64 * PageBytes);
        TestAccessUser user = run.NewAccess(ioas, pins: true);
        run.Must(user.Pin(iova, 16 * PageBytes, AccessFlags.Write, out _));
        device.Detach();
        run.Must(device.Attach(ioas));
        run.Must(user.Pin(iova + (4 * PageBytes), 30 * PageBytes, AccessFlags.Read, out _));
        run.Unmap(ioas, iova, 64 * PageBytes);
    });

    [Fact]
    public void R91_fail_nth_device() => Repeat(least: 18, static run =>
    {
        IoAddressSpace ioas = run.NewIoas();
        IoAddressSpace other = run.NewIoas();
        run.Map(ioas, Buffer, 4 * PageBytes, MockDomain.Start);
        IommufdDevice device = run.Attach("a", ioas, new DmaRange(new(MockDomain.Start + (1 << 20)), 1 << 20));
        run.Must(run.Context.CreatePageTable(device, ioas, IommuDomainRequest.Paging(IommuDomainFlags.DirtyTracking), out PagingHardwarePageTable? table));
        run.Must(device.Replace(other));
        run.Must(device.Replace(table!));
        run.Must(table!.SetDirtyTracking(true));
        run.Must(device.Attach(run.PasidTable(device, other), 7));
        device.Detach();
        run.Must(table.Destroy());
        device.Unbind();
    });

    /// <summary>Filling an address space or a table over again hides no failure: each is told.</summary>
    private static void Repeat(int least, Action<Run> scenario) => FailNth.Repeat(least, gate =>
    {
        using Run run = new(gate);
        try
        {
            scenario(run);
            return true;
        }
        catch (StepFailedException)
        {
            return false;
        }
    });

    private sealed class StepFailedException : Exception
    {
    }

    private sealed class Run : IDisposable
    {
        private readonly FakeFile _file;
        private readonly IommufdRig _rig;

        public Run(FailNthGate gate)
        {
            // What the scenario begins with is not part of it.
            FakeProcess process = new(new());
            process.Allocate(0x10_0000, PageBytes);
            _file = new(process.Ram, 64 * PageBytes);
            _rig = new(0, 64 * PageBytes, new() { BatchPages = 24 }, process, gate);
        }

        public IommufdContext Context => _rig.Context;

        public FakeProcess Process => _rig.Process;

        public void Must(Errno errno)
        {
            if (errno != Errno.None)
            {
                Assert.Equal(Errno.ENOMEM, errno);
                throw new StepFailedException();
            }
        }

        public IoAddressSpace NewIoas()
        {
            Must(Context.CreateAddressSpace(out IoAddressSpace? ioas));
            return ioas!;
        }

        public IommufdDevice Attach(string name, IoAddressSpace ioas, params DmaRange[] reserved)
        {
            Must(Context.Bind(new MockDevice(name, _rig.Gate) { IsPicky = true, ReservedRanges = reserved }, out IommufdDevice? device));
            _rig.Devices.Add(device!);
            Must(device!.Attach(ioas));
            return device;
        }

        public PagingHardwarePageTable PasidTable(IommufdDevice device, IoAddressSpace ioas)
        {
            device.Detach();
            Must(Context.CreatePageTable(device, ioas, IommuDomainRequest.Paging(IommuDomainFlags.Pasid), out PagingHardwarePageTable? table));
            return table!;
        }

        public TestAccessUser NewAccess(IoAddressSpace ioas, bool pins)
        {
            TestAccessUser user = new(pins);
            Must(Context.CreateAccess(user, out IommufdAccess? access));
            user.Access = access;
            Must(access!.Attach(ioas));
            return user;
        }

        public ulong Map(IoAddressSpace ioas, ulong address, ulong length, ulong? at = null)
        {
            DmaAddress iova = new(at ?? 0);
            Must(ioas.Map(new(address), length, ref iova, at is null ? ReadWrite : ReadWrite | IoMapFlags.FixedIova));
            return iova.Value;
        }

        public ulong MapFile(IoAddressSpace ioas, ulong offset, ulong length)
        {
            DmaAddress iova = default;
            Must(ioas.MapFile(_file, offset, length, ref iova, ReadWrite));
            return iova.Value;
        }

        public void Copy(IoAddressSpace source, IoAddressSpace target, ulong iova, ulong length)
        {
            DmaAddress at = default;
            Must(target.Copy(source, new(iova), length, ref at, ReadWrite));
        }

        /// <summary>Unmapping frees and so may never fail.</summary>
        public void Unmap(IoAddressSpace ioas, ulong iova, ulong length)
        {
            Assert.Equal(Errno.None, ioas.Unmap(new(iova), length, out ulong unmapped));
            Assert.Equal(length, unmapped);
        }

        public void Dispose()
        {
            _rig.Dispose();
            Assert.Equal(1, _file.References);
        }
    }
}
