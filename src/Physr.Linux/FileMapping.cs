// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Memory;

namespace Physr.Linux;

/// <summary>A regular file as memory, shared with everybody else who maps it: what is stored is in the file at once, and durable after <see cref="TryPersist"/>. All of it is mapped, from its first byte.</summary>
/// <remarks><para>A writable mapping locks the file for itself, a read-only one against writers: locks of the open file, which end with this object or with the process, however that ends.
/// They bind those who ask for such locks; others can still write or cut the file. A cut file takes its pages away: touching them then is a SIGBUS.</para>
/// <para>Blocks are given to all of the file before it is mapped, so that no store finds the disk full.</para>
/// <para>Spans are raw memory: nobody may use one after <see cref="Dispose"/>, and nobody checks.</para></remarks>
public sealed partial class FileMapping : IDisposable
{
    /// <summary>The longest span, in bytes: what one can hold in whole pages.</summary>
    public const ulong MaximumSpan = 0x7fff_f000;

    private readonly SafeFileHandle _file;
    private readonly Mapping _memory;
    private readonly MappingCalls _calls;

    private FileMapping(string path, SafeFileHandle file, Mapping memory, ulong length, bool isReadOnly, MappingCalls calls) =>
        (Path, _file, _memory, Length, IsReadOnly, _calls) = (path, file, memory, length, isReadOnly, calls);

    /// <summary>The unit of mappings, in bytes.</summary>
    public static ulong PageBytes { get; } = (ulong)Environment.SystemPageSize;

    /// <summary>The file, as it was asked for.</summary>
    public string Path { get; }

    /// <summary>Bytes: the whole file, a multiple of <see cref="PageBytes"/>.</summary>
    public ulong Length { get; }

    /// <summary>Whether there may be no stores: they would be a SIGSEGV.</summary>
    public bool IsReadOnly { get; }

    /// <summary>What makes stores durable here.</summary>
    public SyncKind Sync { get; private init; }

    /// <summary>What the file lies on.</summary>
    public FileSystemKind FileSystem { get; private init; }

    /// <summary>Bytes for loads, from an offset: as many as asked for or as one span can hold (<see cref="MaximumSpan"/>); empty from the end on.</summary>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public ReadOnlySpan<byte> ReadableAt(ulong offset, ulong length) => SpanAt(offset, length);

    /// <summary>Bytes for stores, from an offset: as many as asked for or as one span can hold (<see cref="MaximumSpan"/>); empty from the end on, and where the mapping is read-only.</summary>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Span<byte> WritableAt(ulong offset, ulong length) => IsReadOnly ? default : SpanAt(offset, length);

    /// <summary>Unmaps and closes the file. What was not persisted is in the page cache and will be written back some time, unless the power goes.</summary>
    public void Dispose()
    {
        if (!_file.IsClosed)
        {
            Unlock(_file);
        }

        _memory.Dispose();
        _file.Dispose();
    }

    /// <summary>The file and its size.</summary>
    public override string ToString() => $"{Path} ({Length} bytes)";

    private unsafe Span<byte> SpanAt(ulong offset, ulong length)
    {
        ObjectDisposedException.ThrowIf(_memory.IsClosed, this);
        if (offset >= Length)
        {
            return default;
        }

        // SAFETY: [offset, offset + count) lies in the mapping, which is there until Dispose; the caller keeps to that (see the remarks).
        int count = (int)Math.Min(Math.Min(length, Length - offset), MaximumSpan);
        return new((byte*)_memory.Address + offset, count);
    }
}
