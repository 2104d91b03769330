// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;

namespace Physr.Dma.Iommufd.Uapi;

/// <content>I/O address spaces: making them, mapping, unmapping.</content>
public sealed partial class IommufdIoctl
{
    private const IoMapFlags KnownMapFlags = IoMapFlags.FixedIova | IoMapFlags.Writeable | IoMapFlags.Readable;

    private Errno IoasAlloc(UserCall call)
    {
        IommuIoasAlloc command = call.Read<IommuIoasAlloc>();
        if (command.Flags != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        Errno errno = _context.CreateAddressSpace(out IoAddressSpace? ioas);
        if (errno != Errno.None)
        {
            return errno;
        }

        command.OutIoasId = ioas!.Id;
        return Finish(call.Respond(in command), ioas);
    }

    private Errno IoasMap(UserCall call)
    {
        IommuIoasMap command = call.Read<IommuIoasMap>();
        IoMapFlags flags = (IoMapFlags)command.Flags;
        if ((flags & ~KnownMapFlags) != IoMapFlags.None || command.Reserved != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        using Use<IoAddressSpace> ioas = Find<IoAddressSpace>(command.IoasId);
        if (ioas.Object is null)
        {
            return Errno.ENOENT;
        }

        DmaAddress iova = new(command.Iova);
        Errno errno = ioas.Object.Map(new(command.UserVa), command.Length, ref iova, flags, _process);
        if (errno != Errno.None)
        {
            return errno;
        }

        command.Iova = iova.Value;
        return FinishMap(call.Respond(in command), ioas.Object, iova, command.Length);
    }

    private Errno IoasMapFile(UserCall call)
    {
        IommuIoasMapFile command = call.Read<IommuIoasMapFile>();
        IoMapFlags flags = (IoMapFlags)command.Flags;
        if ((flags & ~KnownMapFlags) != IoMapFlags.None)
        {
            return Errno.EOPNOTSUPP;
        }

        using Use<IoAddressSpace> ioas = Find<IoAddressSpace>(command.IoasId);
        if (ioas.Object is null)
        {
            return Errno.ENOENT;
        }

        DmaAddress iova = new(command.Iova);
        Errno errno = _files.TryGetDmaBuf(command.Fd, out DmaBuf? buffer) ? ioas.Object.MapDmaBuf(buffer, command.Start, command.Length, ref iova, flags)
            : _files.TryGetMappable(command.Fd, out IMappableFile? file) ? ioas.Object.MapFile(file, command.Start, command.Length, ref iova, flags)
            : Errno.EBADF;
        if (errno != Errno.None)
        {
            return errno;
        }

        command.Iova = iova.Value;
        return FinishMap(call.Respond(in command), ioas.Object, iova, command.Length);
    }

    private Errno IoasCopy(UserCall call)
    {
        IommuIoasCopy command = call.Read<IommuIoasCopy>();
        IoMapFlags flags = (IoMapFlags)command.Flags;
        if ((flags & ~KnownMapFlags) != IoMapFlags.None)
        {
            return Errno.EOPNOTSUPP;
        }

        using Use<IoAddressSpace> source = Find<IoAddressSpace>(command.SrcIoasId);
        using Use<IoAddressSpace> target = Find<IoAddressSpace>(command.DstIoasId);
        if (source.Object is null || target.Object is null)
        {
            return Errno.ENOENT;
        }

        DmaAddress iova = new(command.DstIova);
        Errno errno = target.Object.Copy(source.Object, new(command.SrcIova), command.Length, ref iova, flags);
        if (errno != Errno.None)
        {
            return errno;
        }

        command.DstIova = iova.Value;
        return FinishMap(call.Respond(in command), target.Object, iova, command.Length);
    }

    private Errno IoasUnmap(UserCall call)
    {
        IommuIoasUnmap command = call.Read<IommuIoasUnmap>();
        using Use<IoAddressSpace> ioas = Find<IoAddressSpace>(command.IoasId);
        if (ioas.Object is null)
        {
            return Errno.ENOENT;
        }

        Errno errno = ioas.Object.Unmap(new(command.Iova), command.Length, out ulong unmapped);
        if (errno != Errno.None)
        {
            return errno;
        }

        command.Length = unmapped;
        return call.Respond(in command);
    }

    private static Errno FinishMap(Errno answer, IoAddressSpace ioas, DmaAddress iova, ulong length)
    {
        if (answer != Errno.None)
        {
            ioas.Unmap(iova, length, out _);
        }

        return answer;
    }

    private Errno IoasNoIommuGetPa(UserCall call)
    {
        IommuIoasNoIommuGetPa command = call.Read<IommuIoasNoIommuGetPa>();
        if (command.Flags != 0 || command.Reserved != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        using Use<IoAddressSpace> ioas = Find<IoAddressSpace>(command.IoasId);
        return ioas.Object is null ? Errno.ENOENT : Errno.EOPNOTSUPP;
    }
}
