// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd.Vfio;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>The byte interface of a context, as <c>ioctl(2)</c> on <c>/dev/iommu</c> has it: a number, and a pointer into the memory of the calling process (section 1.8). Everything
/// in that memory may be wrong, and may change during the call. Thread-safe.</summary>
/// <remarks>A call that fails has changed nothing, save for what the commands say otherwise: an invalidation and a dirty bitmap say how far they came. Where the answer cannot be
/// written back, what was made is unmade.</remarks>
public sealed partial class IommufdIoctl
{
    private readonly IommufdContext _context;
    private readonly IUserMemory _process;
    private readonly IUserFiles _files;
    private readonly VfioType1 _vfio;

    /// <summary>Opens the interface for a process.</summary>
    /// <param name="context">The context.</param>
    /// <param name="process">The process that calls: its memory holds the structures, and is what is mapped.</param>
    /// <param name="files">Its open files.</param>
    /// <param name="vfio">How the VFIO type-1 view behaves; null for the defaults.</param>
    public IommufdIoctl(IommufdContext context, IUserMemory process, IUserFiles files, VfioType1Options? vfio = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(files);
        _context = context;
        _process = process;
        _files = files;
        _vfio = new(context, process, vfio);
    }

    /// <summary>Makes a call whose result is only whether it succeeded.</summary>
    /// <inheritdoc cref="Call(uint, ulong, out int)"/>
    public Errno Call(uint request, ulong argument) => Call(request, argument, out _);

    /// <summary>Makes a call.</summary>
    /// <param name="request">The command: <see cref="IommufdCommands"/> or <see cref="VfioCommands"/>.</param>
    /// <param name="argument">Where the structure is in the process's memory; for two of VFIO's, a plain number.</param>
    /// <param name="result">What the call returns where it succeeds: 0, but for VFIO's questions.</param>
    /// <returns><see cref="Errno.ENOTTY"/> for an unknown command, <see cref="Errno.EFAULT"/> for memory that the process cannot use, and the command's own.</returns>
    public Errno Call(uint request, ulong argument, out int result)
    {
        result = 0;
        if (!IommufdCommands.TryFind(request, out IommufdCommand command))
        {
            return CallVfio(request, argument, out result);
        }

        Span<byte> structure = stackalloc byte[command.Size];
        structure.Clear();
        Errno errno = UserCall.TryBegin(_process, new(argument), in command, structure, out UserCall call);
        return errno == Errno.None ? Dispatch(command.Number, call) : errno;
    }

    private Errno Dispatch(byte number, UserCall call) => number switch
    {
        0x80 => _context.Destroy(call.Read<IommuDestroy>().Id),
        0x81 => IoasAlloc(call),
        0x82 => IoasAllowIovas(call),
        0x83 => IoasCopy(call),
        0x84 => IoasIovaRanges(call),
        0x85 => IoasMap(call),
        0x86 => IoasUnmap(call),
        0x87 => Option(call),
        0x88 => VfioIoas(call),
        0x89 => HwptAlloc(call),
        0x8a => GetHwInfo(call),
        0x8b => HwptSetDirtyTracking(call),
        0x8c => HwptGetDirtyBitmap(call),
        0x8d => HwptInvalidate(call),
        0x8e => FaultQueueAlloc(call),
        0x8f => IoasMapFile(call),
        0x90 => ViommuAlloc(call),
        0x91 => VdeviceAlloc(call),
        0x92 => call.Read<IommuIoasChangeProcess>().Reserved != 0 ? Errno.EOPNOTSUPP : _context.ChangeProcess(_process),
        0x93 => VeventqAlloc(call),
        0x94 => HwQueueAlloc(call),
        0x95 => IoasNoIommuGetPa(call),
        _ => Errno.ENOTTY,
    };

    /// <summary>Finds an object and uses it for the rest of the call.</summary>
    private Use<T> Find<T>(uint id)
        where T : IommufdObject => _context.Find(id, out T? found) == Errno.None && found!.TryUse() ? new(found) : default;

    /// <summary>Unmakes what the caller could not be told of.</summary>
    private static Errno Finish(Errno answer, IommufdObject made)
    {
        if (answer != Errno.None)
        {
            made.Destroy();
        }

        return answer;
    }

    /// <summary>An object in use by a call; nothing where there was none.</summary>
    private readonly ref struct Use<T>(T? found)
        where T : IommufdObject
    {
        public T? Object => found;

        public void Dispose() => found?.EndUse();
    }
}
