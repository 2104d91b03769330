// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Physr.Dma.Iommufd.Vfio;

namespace Physr.Dma.Iommufd.Uapi;

/// <content>The VFIO type-1 view, in bytes.</content>
public sealed partial class IommufdIoctl
{
    private Errno CallVfio(uint request, ulong argument, out int result)
    {
        result = 0;
        switch (request - VfioCommands.GetApiVersion)
        {
            case 0:
                result = VfioCommands.ApiVersion;
                return Errno.None;
            case 1:
                result = argument <= uint.MaxValue && _vfio.Offers((VfioExtension)argument) ? 1 : 0;
                return Errno.None;
            case 2:
                return argument <= uint.MaxValue ? _vfio.SetIommu((VfioExtension)argument) : Errno.EINVAL;
            case 12:
                return VfioGetInfo(new(argument));
            case 13:
                return VfioMap(new(argument));
            case 14:
                return VfioUnmap(new(argument));
            default:
                return Errno.ENOTTY;
        }
    }

    private Errno VfioMap(VirtualAddress argument)
    {
        Errno errno = ReadVfio(argument, out VfioDmaMap command);
        return errno != Errno.None ? errno
            : command.ArgumentSize < Unsafe.SizeOf<VfioDmaMap>() ? Errno.EINVAL
            : _vfio.Map(new(command.UserVa), new(command.Iova), command.Length, (VfioMapFlags)command.Flags);
    }

    private Errno VfioUnmap(VirtualAddress argument)
    {
        Errno errno = ReadVfio(argument, out VfioDmaUnmap command);
        if (errno != Errno.None || command.ArgumentSize < Unsafe.SizeOf<VfioDmaUnmap>())
        {
            return errno != Errno.None ? errno : Errno.EINVAL;
        }

        errno = _vfio.Unmap(new(command.Iova), command.Length, (VfioUnmapFlags)command.Flags, out ulong unmapped);
        if (errno != Errno.None)
        {
            return errno;
        }

        command.Length = unmapped;
        return _process.TryWrite(argument, MemoryMarshal.AsBytes(new ReadOnlySpan<VfioDmaUnmap>(in command)));
    }

    private Errno VfioGetInfo(VirtualAddress argument)
    {
        Errno errno = ReadVfio(argument, out uint room);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = _vfio.GetInfo(room, out ReadOnlyMemory<byte> info);
        return errno != Errno.None ? errno : _process.TryWrite(argument, info.Span);
    }

    private Errno ReadVfio<T>(VirtualAddress argument, out T command)
        where T : unmanaged
    {
        command = default;
        return _process.TryRead(argument, MemoryMarshal.AsBytes(new Span<T>(ref command)));
    }
}
