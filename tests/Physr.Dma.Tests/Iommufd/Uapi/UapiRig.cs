// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Uapi;
using Physr.Memory;

namespace Physr.Dma.Tests.Iommufd.Uapi;

/// <summary>A process that has a context open and speaks to it in bytes. Its first page holds the structures of calls; the others are to be mapped.</summary>
internal sealed partial class UapiRig : IDisposable
{
    public const ulong BufferOffset = 4096;
    public const ulong DataOffset = 512;
    public const ulong ArrayOffset = 1024;

    private readonly List<IommufdDevice> _bound = [];

    public UapiRig(int pages = 64, IAllocationGate? gate = null, bool isScattered = false, Physr.Dma.Iommufd.Vfio.VfioType1Options? vfio = null)
    {
        Process = new(pages, isScattered);
        Context = new(Process, new() { Memory = Process, Gate = gate });
        Ioctl = new(Context, Process, Files, vfio);
    }

    public UserProcess Process { get; }

    public UserFiles Files { get; } = new();

    public IommufdContext Context { get; }

    public IommufdIoctl Ioctl { get; }

    public static VirtualAddress Buffer => UserProcess.Address(BufferOffset);

    /// <summary>Calls with a structure, which comes back as the call left it.</summary>
    public Errno Call<T>(uint request, ref T structure)
        where T : unmanaged
    {
        Process.Put(UserProcess.Address(0), structure);
        Errno errno = Ioctl.Call(request, UserProcess.Base);
        structure = Process.Get<T>(UserProcess.Address(0));
        return errno;
    }

    /// <summary>Calls an iommufd command, whose structure begins with its length.</summary>
    public Errno Call<T>(byte number, ref T structure)
        where T : unmanaged
    {
        Unsafe.As<T, uint>(ref structure) = (uint)Unsafe.SizeOf<T>();
        return Call(IommufdCommand.RequestOf(number), ref structure);
    }

    public IommufdDevice Bind(IIommuDevice hardware)
    {
        Assert.Equal(Errno.None, Context.Bind(hardware, out IommufdDevice? device));
        _bound.Add(device!);
        return device!;
    }

    /// <summary>Puts an array where calls find it, and gives its address.</summary>
    public ulong Array<T>(params ReadOnlySpan<T> items)
        where T : unmanaged
    {
        for (int i = 0; i < items.Length; i++)
        {
            Process.Put(UserProcess.Address(ArrayOffset + (ulong)(i * Unsafe.SizeOf<T>())), items[i]);
        }

        return UserProcess.Base + ArrayOffset;
    }

    public ulong Data<T>(T data)
        where T : unmanaged
    {
        Process.Put(UserProcess.Address(DataOffset), data);
        return UserProcess.Base + DataOffset;
    }

    /// <summary>Closes the context and checks that nothing is left of it.</summary>
    public void Dispose()
    {
        Context.Dispose();
        Assert.Equal(0, Context.ObjectCount);
        Assert.Equal(0, Context.WindowCount);
        Assert.Equal(0, Process.PinCount);
        Assert.Equal(0UL, Process.Pinned.Pages);
        Assert.Equal(0UL, Process.UserLocked.Pages);
    }
}
