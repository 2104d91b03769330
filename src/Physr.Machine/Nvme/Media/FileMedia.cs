// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;

namespace Physr.Machine.Nvme.Media;

/// <summary>Blocks in a file of this computer, through one reused buffer.</summary>
public sealed class FileMedia : INvmeMedia
{
    // One pass of the controller over a transfer asks for at most this; larger buffers leave the cache, smaller ones cost system calls.
    private const int BufferBytes = 256 << 10;

    private readonly SafeFileHandle _file;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private readonly UnreadableBytes _unreadable = new();

    private FileMedia(string path, SafeFileHandle file, ulong length, bool isReadOnly)
    {
        Path = path;
        _file = file;
        Length = length;
        IsReadOnly = isReadOnly;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public ulong Length { get; }

    /// <inheritdoc/>
    public bool IsReadOnly { get; }

    /// <inheritdoc/>
    public bool DeallocatedReadsZero => false;

    /// <summary>Opens a file whose size is a multiple of the block size.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isReadOnly">Whether writes are refused; the file is then opened for reading only.</param>
    /// <param name="blockSize">Bytes in a block of the namespace: 512 or 4096.</param>
    /// <param name="media">The media; null on failure.</param>
    /// <param name="detail">On failure one sentence that says what is wrong with the file and what would be right; else empty.</param>
    /// <returns>None, ENOENT, EPERM (may not be opened this way), EINVAL (empty, or no multiple of the block size) or EIO.</returns>
    public static Errno TryOpen(string path, bool isReadOnly, int blockSize, out FileMedia? media, out string detail)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockSize, 1);
        media = null;
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, isReadOnly ? FileAccess.Read : FileAccess.ReadWrite, isReadOnly ? FileShare.ReadWrite : FileShare.Read);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            detail = $"'{path}' does not exist.";
            return Errno.ENOENT;
        }
        catch (UnauthorizedAccessException)
        {
            detail = $"'{path}' may not be opened for {(isReadOnly ? "reading" : "writing")}{(Directory.Exists(path) ? ": it is a directory" : "")}.";
            return Errno.EPERM;
        }
        catch (IOException e)
        {
            detail = $"'{path}' cannot be opened: {e.Message}";
            return Errno.EIO;
        }

        ulong length = (ulong)RandomAccess.GetLength(file);
        if (length == 0 || length % (ulong)blockSize != 0)
        {
            file.Dispose();
            ulong down = length - (length % (ulong)blockSize);
            string right = down == 0 ? $"{blockSize} bytes" : $"{down} or {down + (ulong)blockSize} bytes";
            detail = $"'{path}' has {length} bytes, which is no whole number of {blockSize}-byte blocks; {right} would be.";
            return Errno.EINVAL;
        }

        media = new(path, file, length, isReadOnly);
        detail = "";
        return Errno.None;
    }

    /// <inheritdoc/>
    public MediaStatus Read(ulong offset, int length, out ReadOnlySpan<byte> bytes)
    {
        Span<byte> part = _buffer.AsSpan(0, Math.Min(length, BufferBytes));
        bytes = part;
        if (!_unreadable.Overlaps(offset, (ulong)part.Length) && TryReadWhole(offset, part))
        {
            return MediaStatus.Success;
        }

        bytes = default;
        return MediaStatus.ReadError;
    }

    /// <inheritdoc/>
    public MediaStatus BeginWrite(ulong offset, int length, out Span<byte> room)
    {
        room = IsReadOnly ? default : _buffer.AsSpan(0, Math.Min(length, BufferBytes));
        return IsReadOnly ? MediaStatus.WriteProtected : MediaStatus.Success;
    }

    /// <inheritdoc/>
    public MediaStatus EndWrite(ulong offset, int length)
    {
        if (!TryWrite(offset, _buffer.AsSpan(0, length)))
        {
            return MediaStatus.WriteFault;
        }

        _unreadable.Clear(offset, (ulong)length);
        return MediaStatus.Success;
    }

    /// <inheritdoc/>
    public void AbandonWrite(ulong offset, int length)
    {
        // Nothing reached the file: the old bytes are still whole.
    }

    /// <inheritdoc/>
    public MediaStatus Zero(ulong offset, ulong length)
    {
        if (IsReadOnly)
        {
            return MediaStatus.WriteProtected;
        }

        Array.Clear(_buffer);
        for (ulong done = 0; done < length;)
        {
            int part = (int)Math.Min(length - done, BufferBytes);
            MediaStatus status = EndWrite(offset + done, part);
            if (status != MediaStatus.Success)
            {
                return status;
            }

            done += (ulong)part;
        }

        return MediaStatus.Success;
    }

    /// <inheritdoc/>
    public MediaStatus Deallocate(ulong offset, ulong length) => IsReadOnly ? MediaStatus.WriteProtected : MediaStatus.Success;

    /// <inheritdoc/>
    public MediaStatus Flush()
    {
        try
        {
            if (!IsReadOnly)
            {
                RandomAccess.FlushToDisk(_file);
            }

            return MediaStatus.Success;
        }
        catch (IOException)
        {
            return MediaStatus.WriteFault;
        }
    }

    /// <inheritdoc/>
    public void InjectReadError(ulong offset, ulong length) => _unreadable.Mark(offset, length);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private bool TryReadWhole(ulong offset, Span<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                int read = RandomAccess.Read(_file, bytes, (long)offset);
                if (read == 0)
                {
                    return false; // the file was cut under us
                }

                bytes = bytes[read..];
                offset += (ulong)read;
            }

            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private bool TryWrite(ulong offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_file, bytes, (long)offset);
            return true;
        }
        catch (IOException)
        {
            return false; // no space left, or the device below failed
        }
    }
}
