// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Reflection;
using System.Runtime.InteropServices;
using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Uapi;
using Physr.Dma.Iommufd.Vfio;
using Physr.Dma.PageTables;
using Physr.Dma.Tests.Iommufd.Faults;
using Physr.Dma.Tests.Iommufd.Hardware;

namespace Physr.Dma.Tests.Iommufd.Uapi;

/// <summary>A hostile user of the byte interface, from several threads: it gets the dictionary's errors, never an exception of the runtime and never another's memory.</summary>
public sealed class InterpreterFuzzTests
{
    private const int Threads = 3;
    private const int Steps = 30_000;
    private const int Pages = 48;
    private const ulong Step = 2048;

    private static readonly (byte Number, Type Type)[] s_commands =
    [
        (0x80, typeof(IommuDestroy)), (0x81, typeof(IommuIoasAlloc)), (0x82, typeof(IommuIoasAllowIovas)), (0x83, typeof(IommuIoasCopy)), (0x84, typeof(IommuIoasIovaRanges)),
        (0x85, typeof(IommuIoasMap)), (0x86, typeof(IommuIoasUnmap)), (0x87, typeof(IommuOption)), (0x88, typeof(IommuVfioIoas)), (0x89, typeof(IommuHwptAlloc)),
        (0x8a, typeof(IommuHwInfo)), (0x8b, typeof(IommuHwptSetDirtyTracking)), (0x8c, typeof(IommuHwptGetDirtyBitmap)), (0x8d, typeof(IommuHwptInvalidate)),
        (0x8e, typeof(IommuFaultAlloc)), (0x8f, typeof(IommuIoasMapFile)), (0x90, typeof(IommuViommuAlloc)), (0x91, typeof(IommuVdeviceAlloc)), (0x92, typeof(IommuIoasChangeProcess)),
        (0x93, typeof(IommuVeventqAlloc)), (0x94, typeof(IommuHwQueueAlloc)), (0x95, typeof(IommuIoasNoIommuGetPa)),
    ];

    private static readonly HashSet<Errno> s_dictionary =
    [
        Errno.None, Errno.ENOTTY, Errno.E2BIG, Errno.EOPNOTSUPP, Errno.EINVAL, Errno.ENOENT, Errno.ENOMEM, Errno.EOVERFLOW, Errno.EEXIST, Errno.EMSGSIZE, Errno.EADDRINUSE,
        Errno.ENOSPC, Errno.EBUSY, Errno.EDEADLOCK, Errno.EFAULT, Errno.EBADF, Errno.ENODEV, Errno.EPERM, Errno.EIO, Errno.ENXIO, Errno.ESPIPE,
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(20260114)]
    [InlineData(0x5eed)]
    public async Task R71_AHostileUserGetsTheDictionarysErrors_AndNobodyElsesMemory(int seed)
    {
        using UapiRig victim = MakeVictim(out MockIommuDevice bystander, out byte[] secret);
        using UapiRig rig = new(Pages);
        object unit = new();
        MockIommuDevice[] mocks = [new() { Unit = unit }, new() { Unit = unit, PasidBits = 0 }, new() { Capabilities = IommuCapabilities.None }];
        IommufdDevice[] devices = [.. mocks.Select(rig.Bind)];
        uint ioas = rig.IoasAlloc();
        Assert.Equal(Errno.None, rig.HwptAlloc(devices[0].Id, ioas, IommuDomainFlags.NestParent | IommuDomainFlags.Pasid, out uint parent));
        Assert.Equal(Errno.None, rig.ViommuAlloc(devices[0].Id, parent, Mock.ViommuType, out _));
        HashSet<Errno> seen = [];
        HashSet<string> succeeded = [];
        Task[] threads = [.. Enumerable.Range(0, Threads).Select(thread => Task.Run(() => Run(rig, devices, mocks, seed, thread, seen, succeeded)))];
        await Task.WhenAll(threads);

        // Wherever the hostile user's devices are led, it is to a page of that process, which is pinned.
        foreach (MockIommuDevice mock in mocks)
        {
            foreach (IIommuDomain domain in mock.Attached.Values)
            {
                for (ulong iova = Mock.ApertureStart; iova < Mock.ApertureStart + (256 * Step); iova += Step)
                {
                    Assert.True(!domain.TryTranslate(new(iova), out IommuTranslation found) || found.Address.Value - UserProcess.FirstFrame < Pages * 4096UL, $"seed {seed}: 0x{iova:x} leads to {found.Address}");
                }
            }
        }

        Assert.True(succeeded.Count >= 15, $"seed {seed}: only {string.Join(", ", succeeded)} ever succeeded");
        Assert.True(seen.Count >= 10, $"seed {seed}: only {string.Join(", ", seen)} were met");
        byte[] now = new byte[secret.Length];
        Assert.Equal(Errno.None, victim.Process.TryRead(UapiRig.Buffer, now));
        Assert.Equal(secret, now);
        Assert.True(bystander.Attached[0].TryTranslate(new(Mock.ApertureStart), out IommuTranslation kept));
        Assert.Equal(victim.Process.PhysicalOf(UapiRig.BufferOffset), kept.Address);
        Assert.Equal(3, victim.Context.ObjectCount);
        rig.Context.Dispose();
        while (rig.Files.Any(new(0)) is not null)
        {
            rig.Files.CloseOne(new(0));
        }
    }

    private static UapiRig MakeVictim(out MockIommuDevice mock, out byte[] secret)
    {
        UapiRig victim = new(8, isScattered: true);
        mock = new();
        IommufdDevice device = victim.Bind(mock);
        uint ioas = victim.IoasAlloc();
        Assert.Equal(Errno.None, device.Attach(victim.Object<IoAddressSpace>(ioas)));
        secret = [.. Enumerable.Range(0, 4096).Select(static value => (byte)(value * 7))];
        Assert.Equal(Errno.None, victim.Process.TryWrite(UapiRig.Buffer, secret));
        ulong iova = Mock.ApertureStart;
        Assert.Equal(Errno.None, victim.Map(ioas, UapiRig.Buffer, 4096, ref iova, isFixed: true));
        return victim;
    }

    private static void Run(UapiRig rig, IommufdDevice[] devices, MockIommuDevice[] mocks, int seed, int thread, HashSet<Errno> seen, HashSet<string> succeeded)
    {
        Random random = new(HashCode.Combine(seed, thread));
        string doing = "";
        for (int step = 0; step < Steps; step++)
        {
            try
            {
                (doing, Errno errno) = random.Next(8) switch
                {
                    0 => Beside(rig, devices, mocks, random),
                    1 => Vfio(rig, random, thread),
                    _ => Command(rig, random, thread),
                };
                Assert.True(s_dictionary.Contains(errno), $"{doing} gave {errno}");
                lock (seen)
                {
                    seen.Add(errno);
                    if (errno == Errno.None)
                    {
                        succeeded.Add(doing.Split(' ')[0]);
                    }
                }
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}, thread {thread}, step {step}, after {doing}", exception);
            }
        }
    }

    private static (string Doing, Errno Errno) Command(UapiRig rig, Random random, int thread)
    {
        (byte number, Type type) = s_commands[random.Next(s_commands.Length)];
        object structure = Activator.CreateInstance(type)!;
        foreach (PropertyInfo property in type.GetProperties())
        {
            property.SetValue(structure, Value(property, random, thread));
        }

        if (random.Next(4) != 0)
        {
            Favour(structure, random);
        }

        int size = Marshal.SizeOf(type);
        uint length = random.Next(16) == 0 ? (uint)random.Next(0, 80) : (uint)size;
        byte[] bytes = new byte[128];
        nint memory = Marshal.AllocHGlobal(size);
        Marshal.StructureToPtr(structure, memory, fDeleteOld: false);
        Marshal.Copy(memory, bytes, 0, size);
        Marshal.FreeHGlobal(memory);
        MemoryMarshal.Write(bytes, in length);
        VirtualAddress at = UserProcess.Address(Scratch(thread));
        Assert.Equal(Errno.None, rig.Process.TryWrite(at, bytes));
        return (structure.ToString()!, rig.Ioctl.Call(IommufdCommand.RequestOf(number), random.Next(64) == 0 ? Number64(random, thread) : at.Value));
    }

    private static (string Doing, Errno Errno) Vfio(UapiRig rig, Random random, int thread)
    {
        VirtualAddress at = UserProcess.Address(Scratch(thread));
        ulong[] words = [(uint)random.Next(40) | ((ulong)(uint)random.Next(5) << 32), Number64(random, thread), Number64(random, thread), Number64(random, thread)];
        Assert.Equal(Errno.None, rig.Process.TryWrite(at, MemoryMarshal.AsBytes(words.AsSpan())));
        uint request = VfioCommands.GetApiVersion + (uint)(random.Next(4) == 0 ? random.Next(0, 20) : random.Next(12, 15));
        return ($"VFIO 0x{request:x}", rig.Ioctl.Call(request, request == VfioCommands.SetIommu ? (ulong)random.Next(4) : at.Value));
    }

    /// <summary>What goes on beside the calls: attaching, faulting, events, files read, written and closed.</summary>
    private static (string Doing, Errno Errno) Beside(UapiRig rig, IommufdDevice[] devices, MockIommuDevice[] mocks, Random random)
    {
        int which = random.Next(devices.Length);
        uint pasid = random.Next(2) == 0 ? 0 : (uint)random.Next(3);
        byte[] bytes = new byte[random.Next(0, 5) * 40];
        switch (random.Next(8))
        {
            case 0:
                devices[which].Detach(pasid);
                return ("detach", Errno.None);
            case 1 or 2:
                return rig.Context.Find((uint)random.Next(64), out IommufdObject? on) == Errno.None
                    ? ("attach", random.Next(2) == 0 ? devices[which].Attach(on!, pasid) : devices[which].Replace(on!, pasid))
                    : ("find", Errno.ENOENT);
            case 3:
                return ("fault", devices[which].ReportPageFault(FaultRecords.Request(pasid, (uint)random.Next(8), random.Next(3) != 0)));
            case 4:
                return ("event", mocks[which].Viommu?.TriggerEvent(mocks[which]) ?? Errno.None);
            case 5:
                return ("read", rig.Files.Any(random)?.Read(bytes, out _) ?? Errno.None);
            case 6:
                random.NextBytes(bytes);
                return ("write", rig.Files.Any(random)?.Write(bytes, out _) ?? Errno.None);
            default:
                rig.Files.CloseOne(random);
                return ("close", Errno.None);
        }
    }

    /// <summary>Makes a structure one that may well succeed, so that there is something to be hostile to.</summary>
    private static void Favour(object structure, Random random)
    {
        void Set(string name, object value) => structure.GetType().GetProperty(name)!.SetValue(structure, value);
        switch (structure)
        {
            case IommuHwptAlloc:
                bool isNested = random.Next(2) == 0;
                (uint Type, uint Length) data = isNested ? (Mock.HwptDataType, 4U) : (0, 0);
                Set("Flags", isNested ? (uint)random.Next(4) & 4 : ((uint[])[0, 1, 1, 2, 8, 9])[random.Next(6)]);
                Set("Reserved", 0U);
                Set("Reserved2", 0U);
                Set("DataType", data.Type);
                Set("DataLength", data.Length);
                Set("DevId", (uint)random.Next(1, 4));
                Set("PtId", (uint)random.Next(4, 16));
                break;
            case IommuIoasMap or IommuIoasMapFile or IommuIoasCopy:
                Set("Flags", (uint)random.Next(2, 8));
                break;
            case IommuViommuAlloc:
                Set("Flags", 0U);
                Set("Reserved", 0U);
                Set("Type", Mock.ViommuType);
                Set("DataLength", random.Next(2) == 0 ? 0U : 24);
                Set("DevId", (uint)random.Next(1, 4));
                Set("HwptId", (uint)random.Next(4, 16));
                break;
            case IommuVdeviceAlloc:
                Set("DevId", (uint)random.Next(1, 4));
                Set("ViommuId", (uint)random.Next(4, 16));
                break;
            case IommuVeventqAlloc:
                Set("Flags", 0U);
                Set("Reserved", 0U);
                Set("Type", Mock.EventType);
                Set("ViommuId", (uint)random.Next(4, 16));
                break;
            case IommuHwQueueAlloc:
                Set("Flags", 0U);
                Set("Type", Mock.QueueType);
                Set("ViommuId", (uint)random.Next(4, 16));
                Set("Length", Step);
                break;
            case IommuFaultAlloc or IommuIoasAlloc or IommuHwInfo or IommuHwptGetDirtyBitmap:
                Set("Flags", 0U);
                break;
            case IommuHwptInvalidate:
                Set("HwptId", (uint)random.Next(4, 16));
                Set("DataType", Mock.InvalidationType);
                break;
            default:
                break;
        }
    }

    private static object Value(PropertyInfo property, Random random, int thread) => property.PropertyType switch
    {
        Type type when type == typeof(ulong) => property.Name is "UserVa" or "AllowedIovas" or "DataAddress" or "Data" ? Pointer(random, thread) : Number64(random, thread),
        Type type when type == typeof(uint) => Number32(property.Name, random),
        Type type when type == typeof(int) => random.Next(-1, 6),
        Type type when type == typeof(ushort) => (ushort)(random.Next(4) == 0 ? random.Next(4) : random.Next(2)),
        _ => (byte)(random.Next(32) == 0 ? 1 : 0),
    };

    private static uint Number32(string name, Random random) => name switch
    {
        _ when name.StartsWith("Reserved", StringComparison.Ordinal) => random.Next(32) == 0 ? 1U : 0,
        "Flags" => random.Next(8) == 0 ? (uint)random.NextInt64(1L << 32) : (uint)random.Next(16),
        "DataType" or "Type" => random.Next(4) switch { 0 => Mock.HwptDataType, 1 => Mock.ViommuType, 2 => Mock.EventType, _ => 0 },
        "DataLength" or "EntryLength" => random.Next(6) switch { 0 => uint.MaxValue, 1 => 12, 2 => 8, 3 => 0, _ => 4 },
        "EntryCount" or "NumIovas" or "Depth" or "Index" or "OptionId" => random.Next(12) == 0 ? uint.MaxValue : (uint)random.Next(4),
        _ => random.Next(32) == 0 ? uint.MaxValue : (uint)random.Next(28),
    };

    private static ulong Number64(Random random, int thread) => random.Next(10) switch
    {
        0 => 0,
        1 => ulong.MaxValue - (ulong)random.Next(8192),
        2 => (ulong)random.NextInt64(),
        3 => 1UL << random.Next(64),
        4 => Pointer(random, thread),
        5 or 6 => Mock.ApertureStart + ((ulong)random.Next(96) * Step),
        _ => (ulong)random.Next(1, 12) * Step,
    };

    private static ulong Pointer(Random random, int thread) => random.Next(12) switch
    {
        0 => 0,
        1 => ulong.MaxValue - (ulong)random.Next(64),
        2 => UserProcess.Base + (Pages * 4096UL) - (ulong)random.Next(64),
        3 => UserProcess.Base + Scratch(thread) + 256,
        _ => UserProcess.Base + ((ulong)random.Next(Threads * 2, Pages * 2) * Step),
    };

    private static ulong Scratch(int thread) => (ulong)thread * 4096;
}
