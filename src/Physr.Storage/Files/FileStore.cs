// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Files;

/// <summary>A small file system on memory that survives: files of extents over any DAX device, whose bytes are read, written and mapped where they lie.</summary>
/// <remarks><para>One flat namespace of names. Blocks of 4 KiB, in one piece and at their place within 2 MiB where that can be had. Holes; blocks shared by clones and copied when written.</para>
/// <para>An operation is one record of a log, durable when it returns: after a power cut it is there whole or not at all. New and shared blocks get their bytes, durably, before
/// the record says whose they are. Bytes of a block that a file has alone are written in place: those of a write that a cut interrupts are old or new by aligned units
/// of 8 bytes, inside its range only. A write of very many pieces is several operations, ascending.</para>
/// <para>When the device fails while it makes something durable, nobody knows what it holds: the store refuses every further change until it is mounted again, and still reads.</para>
/// <para>Safe for several threads, one operation at a time.</para></remarks>
public sealed partial class FileStore
{
    private readonly Lock _lock = new();
    private readonly IDaxDevice _device;
    private readonly Superblock _superblock;
    private readonly MetadataState _state;
    private readonly MetadataLog _log;
    private readonly EntryWriter _record = new(MetadataLog.RecordHeader);

    private FileStore(IDaxDevice device, Superblock superblock, MetadataState state, MetadataLog log, bool isReadOnly)
    {
        _device = device;
        _superblock = superblock;
        _state = state;
        _log = log;
        IsReadOnly = isReadOnly || device.IsReadOnly;
    }

    /// <summary>Bytes of a block, and of a page of a file.</summary>
    public const ulong BlockBytes = Superblock.BlockBytes;

    /// <summary>The longest file, in bytes.</summary>
    public const ulong MostFileBytes = MetadataState.MostLength;

    /// <summary>The device's name.</summary>
    public string Name => _device.Name;

    /// <summary>Whether changes are refused (<see cref="Errno.EROFS"/>).</summary>
    public bool IsReadOnly { get; }

    /// <summary>Why the store refuses changes (<see cref="Errno.EIO"/>); null while all is well.</summary>
    public string? Failure { get; private set; }

    /// <summary>Who is asked before pages lose or change their blocks; null is nobody.</summary>
    public IFileMappings? Mappings { get; set; }

    /// <summary>Blocks that hold or may hold data.</summary>
    public ulong DataBlocks => _superblock.Blocks - _superblock.FirstDataBlock;

    /// <summary>Blocks that no file has.</summary>
    public ulong FreeBlocks
    {
        get
        {
            lock (_lock)
            {
                return (ulong)_state.Blocks.Free;
            }
        }
    }

    /// <summary>The names of all files, in ordinal order.</summary>
    public IReadOnlyList<string> List()
    {
        lock (_lock)
        {
            return [.. _state.Names.Keys];
        }
    }

    internal IDaxDevice Device => _device;

    /// <summary>Makes the operation durable that <see cref="_record"/> says, and then true.</summary>
    private Errno Commit()
    {
        Errno errno = _log.TryAppend(_record, _state);
        if (errno != Errno.None)
        {
            return Fail($"metadata record: {errno}");
        }

        return _state.TryApply(_record.Entries, false, out string reason) ? Errno.None : throw new PhysrException("apply metadata record", Name, Errno.EUCLEAN, reason);
    }

    /// <summary>Refuses changes from now on.</summary>
    private Errno Fail(string reason)
    {
        Failure ??= reason;
        return Errno.EIO;
    }

    /// <summary>Whether a change may begin.</summary>
    private Errno MayChange() => IsReadOnly ? Errno.EROFS : Failure is null ? Errno.None : Errno.EIO;

    /// <summary>Whether a file may be changed.</summary>
    private Errno MayChange(FileNode node) => !IsThere(node) ? Errno.EBADF : MayChange();

    private bool IsThere(FileNode node) => _state.Files.TryGetValue(node.Id, out FileNode? there) && there == node;

    private StoreFile HandleOf(FileNode node) => node.Handle ??= new(this, node);

    private Errno BeforeExtentsGo(FileNode node, ulong firstPage, ulong pages) => pages == 0 ? Errno.None : Mappings?.BeforeExtentsGo(HandleOf(node), firstPage, pages) ?? Errno.None;
}
