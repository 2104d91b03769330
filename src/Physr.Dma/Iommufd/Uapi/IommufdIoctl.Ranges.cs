// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <content>Which addresses may be mapped, and settings.</content>
public sealed partial class IommufdIoctl
{
    /// <summary>Most ranges taken in one call; it bounds what one call can cost. A guest's platform has a handful.</summary>
    private const uint MostRanges = 65536;

    private static readonly int s_rangeSize = Unsafe.SizeOf<IommuIovaRange>();

    private Errno IoasIovaRanges(UserCall call)
    {
        IommuIoasIovaRanges command = call.Read<IommuIoasIovaRanges>();
        if (command.Reserved != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        using Use<IoAddressSpace> ioas = Find<IoAddressSpace>(command.IoasId);
        if (ioas.Object is null)
        {
            return Errno.ENOENT;
        }

        Errno counted = ioas.Object.GetIovaRanges([], out int there, out _);
        if (counted is not (Errno.None or Errno.EMSGSIZE))
        {
            return counted;
        }

        IovaRange[] ranges = new IovaRange[Math.Min(command.NumIovas, (uint)there)];
        Errno found = ioas.Object.GetIovaRanges(ranges, out there, out ulong alignment);
        if (found is not (Errno.None or Errno.EMSGSIZE))
        {
            return found;
        }

        for (int i = 0; i < Math.Min(ranges.Length, there); i++)
        {
            IommuIovaRange range = new() { Start = ranges[i].Start.Value, Last = ranges[i].Last.Value };
            Errno written = new VirtualAddress(command.AllowedIovas).TryAdd((ulong)(i * s_rangeSize), out VirtualAddress to)
                ? _process.TryWrite(to, MemoryMarshal.AsBytes(new ReadOnlySpan<IommuIovaRange>(in range)))
                : Errno.EFAULT;
            if (written != Errno.None)
            {
                return written;
            }
        }

        command.NumIovas = (uint)there;
        command.OutIovaAlignment = alignment;
        Errno answered = call.Respond(in command);
        return answered != Errno.None ? answered : found;
    }

    private Errno IoasAllowIovas(UserCall call)
    {
        IommuIoasAllowIovas command = call.Read<IommuIoasAllowIovas>();
        if (command.Reserved != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        using Use<IoAddressSpace> ioas = Find<IoAddressSpace>(command.IoasId);
        if (ioas.Object is null)
        {
            return Errno.ENOENT;
        }

        if (command.NumIovas > MostRanges || !_context.Passes("allowed ranges"))
        {
            return Errno.ENOMEM;
        }

        IommuIovaRange[] given = new IommuIovaRange[command.NumIovas];
        Errno errno = given.Length == 0 ? Errno.None : _process.TryRead(new(command.AllowedIovas), MemoryMarshal.AsBytes(given.AsSpan()));
        return errno != Errno.None ? errno : ioas.Object.AllowIovas(Array.ConvertAll(given, static range => new IovaRange(new(range.Start), new(range.Last))));
    }

    private Errno Option(UserCall call)
    {
        IommuOption command = call.Read<IommuOption>();
        if (command.Reserved != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        switch ((IommufdOptionOp)command.Op)
        {
            case IommufdOptionOp.Set:
                return _context.SetOption((IommufdOption)command.OptionId, command.ObjectId, command.Val64);
            case IommufdOptionOp.Get:
                Errno errno = _context.GetOption((IommufdOption)command.OptionId, command.ObjectId, out ulong value);
                command.Val64 = value;
                return errno != Errno.None ? errno : call.Respond(in command);
            default:
                return Errno.EOPNOTSUPP;
        }
    }

    private Errno VfioIoas(UserCall call)
    {
        IommuVfioIoas command = call.Read<IommuVfioIoas>();
        if (command.Reserved != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        switch ((VfioIoasOp)command.Op)
        {
            case VfioIoasOp.Get:
                if (_context.VfioAddressSpace is not { } current)
                {
                    return Errno.ENODEV;
                }

                command.IoasId = current.Id;
                return call.Respond(in command);
            case VfioIoasOp.Set:
                using (Use<IoAddressSpace> ioas = Find<IoAddressSpace>(command.IoasId))
                {
                    if (ioas.Object is null)
                    {
                        return Errno.ENOENT;
                    }

                    _context.VfioAddressSpace = ioas.Object;
                    return Errno.None;
                }

            case VfioIoasOp.Clear:
                _context.VfioAddressSpace = null;
                return Errno.None;
            default:
                return Errno.EOPNOTSUPP;
        }
    }
}
