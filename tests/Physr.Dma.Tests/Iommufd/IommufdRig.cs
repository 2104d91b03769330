// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Memory;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>A process with a buffer, a context, and an I/O address space with mock devices attached. Disposing it closes the context and checks that nothing is left anywhere.</summary>
internal sealed class IommufdRig : IDisposable
{
    public const ulong Buffer = 0x7f00_0000_0000;
    public const ulong PageBytes = PageSize.Size4K;
    public const IoMapFlags ReadWrite = IoMapFlags.Readable | IoMapFlags.Writeable;

    private readonly ulong _bufferLength;

    public IommufdRig(int domains = 0, ulong bufferLength = 1UL << 20, IommufdOptions? options = null, FakeProcess? process = null, IAllocationGate? gate = null, bool huge = false)
    {
        HasDomain = domains != 0;
        Process = process ?? new(new FakeRam());
        Ram = Process.Ram;
        Ram.Gate = gate;
        Gate = gate;
        _bufferLength = bufferLength;
        if (bufferLength != 0)
        {
            Process.Allocate(Buffer, bufferLength, huge);
        }

        Context = new(Process, (options ?? new()) with { Memory = Ram, Gate = gate });
        if (gate is null)
        {
            Ioas = NewIoas();
            for (int i = 0; i < domains; i++)
            {
                Attach(new MockDevice($"mock{i}") { IsPicky = true }, Ioas);
            }
        }
        else
        {
            Ioas = null!;
        }
    }

    /// <summary>The variants of the suite's fixture <c>iommufd_ioas</c>.</summary>
    public static IommufdRig Of(string variant) => variant switch
    {
        "no_domain" => new(0),
        "mock_domain" => new(1),
        "two_mock_domain" => new(2),
        "mock_domain_limit" => new(1, options: new() { BatchPages = 16 }),
        _ => throw new ArgumentException(variant, nameof(variant)),
    };

    public static TheoryData<string> Variants => ["no_domain", "mock_domain", "two_mock_domain", "mock_domain_limit"];

    public FakeRam Ram { get; }

    public FakeProcess Process { get; }

    public IAllocationGate? Gate { get; }

    public IommufdContext Context { get; }

    public IoAddressSpace Ioas { get; }

    public List<IommufdDevice> Devices { get; } = [];

    /// <summary>Whether the variant has page tables; devices that a test adds do not count.</summary>
    public bool HasDomain { get; }

    public ulong Base => HasDomain ? MockDomain.Start : 0;

    public MockDomain Domain(int index = 0) => ((MockDevice)Devices[index].Hardware).Domain()!;

    public IoAddressSpace NewIoas()
    {
        Ok(Context.CreateAddressSpace(out IoAddressSpace? ioas));
        return ioas!;
    }

    public IommufdDevice Bind(IIommuDevice hardware)
    {
        Ok(Context.Bind(hardware, out IommufdDevice? device));
        Devices.Add(device!);
        return device!;
    }

    public IommufdDevice Attach(MockDevice hardware, IommufdObject table)
    {
        IommufdDevice device = Bind(hardware);
        Ok(device.Attach(table));
        return device;
    }

    public ulong Map(ulong address, ulong length, IoAddressSpace? ioas = null, IoMapFlags flags = ReadWrite, IUserMemory? process = null)
    {
        DmaAddress iova = default;
        Ok((ioas ?? Ioas).Map(new(address), length, ref iova, flags, process));
        return iova.Value;
    }

    public Errno TryMap(ulong address, ulong length, IoAddressSpace? ioas = null)
    {
        DmaAddress iova = default;
        return (ioas ?? Ioas).Map(new(address), length, ref iova, ReadWrite);
    }

    public Errno TryMapFixed(ulong address, ulong length, ulong at, IoAddressSpace? ioas = null, IoMapFlags flags = ReadWrite)
    {
        DmaAddress iova = new(at);
        return (ioas ?? Ioas).Map(new(address), length, ref iova, flags | IoMapFlags.FixedIova);
    }

    public void MapFixed(ulong address, ulong length, ulong at, IoAddressSpace? ioas = null) => Ok(TryMapFixed(address, length, at, ioas));

    public Errno TryUnmap(ulong iova, ulong length, IoAddressSpace? ioas = null) => (ioas ?? Ioas).Unmap(new(iova), length, out _);

    public ulong Unmap(ulong iova, ulong length, IoAddressSpace? ioas = null)
    {
        Ok((ioas ?? Ioas).Unmap(new(iova), length, out ulong unmapped));
        return unmapped;
    }

    public ulong Copy(IoAddressSpace from, ulong iova, ulong length, IoAddressSpace to, ulong? at = null, IoMapFlags flags = ReadWrite)
    {
        DmaAddress target = new(at ?? 0);
        Ok(to.Copy(from, new(iova), length, ref target, at is null ? flags : flags | IoMapFlags.FixedIova));
        return target.Value;
    }

    public TestAccessUser NewAccess(IoAddressSpace? ioas = null, bool pins = true)
    {
        TestAccessUser user = new(pins);
        Ok(Context.CreateAccess(user, out IommufdAccess? access));
        user.Access = access;
        Ok(access!.Attach(ioas ?? Ioas));
        return user;
    }

    /// <summary>A device's bytes at an address, as it reads them through its domain (the suite's <c>MD_CHECK_MAP</c>).</summary>
    public void CheckMapped(ulong iova, ulong address, ulong length, MockDomain domain, FakeProcess? process = null)
    {
        for (ulong at = 0; at < length; at += MockDomain.Page)
        {
            Assert.True(domain.TryReach(iova + at, isWrite: false, out ulong physical), $"0x{iova + at:x} is not mapped");
            Assert.Equal((((process ?? Process).FrameAt(address + at).Number) << 12) + ((address + at) & 4095), physical);
        }
    }

    public static void Ok(Errno errno) => Assert.Equal(Errno.None, errno);

    public static void Is(Errno expected, Errno errno) => Assert.Equal(expected, errno);

    public void Dispose()
    {
        Context.Dispose();
        CheckNothingLeft();
    }

    public void CheckNothingLeft()
    {
        Assert.Equal(0, Context.ObjectCount);
        Assert.Equal(0, Ram.Pins);
        Assert.Equal(0UL, Process.Pinned.Pages);
        Assert.Equal(0UL, Process.Locked.Pages);
        Assert.Equal(0UL, Process.UserLocked.Pages);
        foreach (IommufdDevice device in Devices)
        {
            if (device.Hardware is MockDevice mock)
            {
                Assert.All(mock.Made, static domain => Assert.True(domain.IsDisposed));
            }
        }

        Process.Unmap(Buffer, _bufferLength);
    }
}
