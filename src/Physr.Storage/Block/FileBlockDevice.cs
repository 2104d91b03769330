// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Dma.Block;

namespace Physr.Storage;

/// <summary>A block device over a plain file (<c>loop</c>).</summary>
public sealed class FileBlockDevice : BlockDevice
{
    private readonly SafeFileHandle _file;
    private readonly IHostBytes _host;
    private readonly bool _isReadOnly;

    private FileBlockDevice(string path, SafeFileHandle file, ulong sectors, bool isReadOnly, IHostBytes host)
        : base(path, sectors, new() { HasVolatileCache = true, MaxWriteZeroesSectors = 1 << 12, AlignmentMask = 0 })
    {
        _file = file;
        _isReadOnly = isReadOnly;
        _host = host;
    }

    /// <inheritdoc/>
    public override bool IsReadOnly => _isReadOnly;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file; it exists.</param>
    /// <param name="isReadOnly">Whether writes are refused.</param>
    /// <param name="host">Where the memory at the other end of bios is.</param>
    /// <param name="device">The device; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <param name="length">Bytes the file must have; 0 takes what it has, in whole sectors.</param>
    /// <returns><see cref="Errno.ENOENT"/>; <see cref="Errno.EROFS"/> where it may not be written; <see cref="Errno.EINVAL"/> for a file that is shorter than asked, or empty.</returns>
    public static Errno Open(string path, bool isReadOnly, IHostBytes host, out FileBlockDevice? device, out string reason, ulong length = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(host);
        device = null;
        reason = "";
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, isReadOnly ? FileAccess.Read : FileAccess.ReadWrite);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            reason = $"{path}: there is no such file";
            return Errno.ENOENT;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            reason = $"{path}: {exception.Message}";
            return Errno.EROFS;
        }

        ulong there = Alignment.Down((ulong)RandomAccess.GetLength(file), Bio.SectorBytes);
        if (there == 0 || there < length)
        {
            file.Dispose();
            reason = $"{path}: it has {there} bytes in whole sectors, and {Math.Max(length, Bio.SectorBytes)} are needed";
            return Errno.EINVAL;
        }

        device = new(path, file, (length == 0 ? there : length) >> Bio.SectorShift, isReadOnly, host);
        return Errno.None;
    }

    /// <inheritdoc/>
    protected override void Start(Bio bio)
    {
        BlockStatus status;
        try
        {
            if ((bio.Flags & BioFlags.PreFlush) != BioFlags.None || bio.Operation == BioOperation.Flush)
            {
                RandomAccess.FlushToDisk(_file);
            }

            status = bio.Operation switch
            {
                BioOperation.Read => Read(bio),
                BioOperation.Write => Write(bio),
                BioOperation.WriteZeroes => Zero(bio),
                _ => BlockStatus.Ok,
            };
            if ((bio.Flags & BioFlags.ForceUnitAccess) != BioFlags.None && bio.Operation is BioOperation.Write or BioOperation.WriteZeroes)
            {
                RandomAccess.FlushToDisk(_file);
            }
        }
        catch (IOException exception)
        {
            status = StatusOf(exception);
        }

        bio.Complete(status);
    }

    /// <summary>ENOSPC, EDQUOT and EFBIG tell that the disk is full.</summary>
    internal static BlockStatus StatusOf(IOException exception) => (exception.HResult & 0xffff) is 28 or 122 or 27 ? BlockStatus.NoSpace : BlockStatus.Medium;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _file.Dispose();
        base.Dispose(disposing);
    }

    private BlockStatus Read(Bio bio)
    {
        long at = (long)(bio.Sector << Bio.SectorShift);
        foreach (ProvidedRange entry in bio.Data)
        {
            for (ulong done = 0; done < entry.Range.Length;)
            {
                Span<byte> target = _host.WritableAt(entry.Range.Start.Add(done), entry.Range.Length - done);
                if (target.IsEmpty)
                {
                    return BlockStatus.Invalid;
                }

                for (int read = 0; read < target.Length;)
                {
                    int count = RandomAccess.Read(_file, target[read..], at + read);
                    if (count == 0)
                    {
                        // The file was cut below us.
                        return BlockStatus.Medium;
                    }

                    read += count;
                }

                done += (ulong)target.Length;
                at += target.Length;
            }
        }

        return BlockStatus.Ok;
    }

    private BlockStatus Write(Bio bio)
    {
        long at = (long)(bio.Sector << Bio.SectorShift);
        foreach (ProvidedRange entry in bio.Data)
        {
            for (ulong done = 0; done < entry.Range.Length;)
            {
                ReadOnlySpan<byte> source = _host.ReadableAt(entry.Range.Start.Add(done), entry.Range.Length - done);
                if (source.IsEmpty)
                {
                    return BlockStatus.Invalid;
                }

                RandomAccess.Write(_file, source, at);
                done += (ulong)source.Length;
                at += source.Length;
            }
        }

        return BlockStatus.Ok;
    }

    private BlockStatus Zero(Bio bio)
    {
        ReadOnlySpan<byte> zeros = new byte[bio.Bytes];
        RandomAccess.Write(_file, zeros, (long)(bio.Sector << Bio.SectorShift));
        return BlockStatus.Ok;
    }
}
