// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;

namespace Physr.Linux.Mapped;

/// <summary>Mapped memory: of a file, of a file without a name, or of none; in pages of any size, shared or not, and of any length.</summary>
/// <remarks><para><b>Lifetime.</b> A <see cref="MappedView"/> (from <see cref="View"/>) is a lease, and so is a pinned <see cref="System.Buffers.MemoryHandle"/>: <see cref="Dispose"/> while some are out refuses every
/// new use at once and lets the pages go with the last of them; <see cref="TryResize"/> is refused until then. What <see cref="Span"/> and <see cref="Window"/> give out is raw: that it is not
/// used after <see cref="Dispose"/> or across a <see cref="TryResize"/>, and that the mapping is not forgotten meanwhile, is the caller's duty.</para>
/// <para><b>Durability.</b> Stores to a file are in the file at once, for everybody, and durable after <see cref="TryPersist"/>, and only then. Disposing writes nothing back.</para>
/// <para><b>SIGBUS.</b> Touching a page that cannot be had ends the process: of a file that somebody cut, where the disk cannot be read, where it is full, where huge pages have run out.
/// <see cref="TryCopyTo"/>, <see cref="TryCopyFrom"/> and <see cref="TryPopulate"/> make results of it. A file in memory (<see cref="TryCreateInMemory"/>) cannot be cut.</para>
/// <para><b>Pauses.</b> A touch that waits for the disk holds up garbage collections of the whole process; <see cref="TryPopulate"/> waits without.</para>
/// <code>
/// MappedMemoryOptions options = new() { Access = MappedAccess.ReadWrite, Length = 1 &lt;&lt; 20, Extends = true, Allocates = true };
/// using MappedMemory memory = MappedMemory.Open("/var/lib/app/table", options);
/// using (MappedView view = memory.View(4096, 4096))
/// {
///     record.CopyTo(view.Span);
///     memory.Persist(view.Offset, view.Length);
/// }
/// </code></remarks>
public sealed partial class MappedMemory : IDisposable
{
    private readonly PageRegion _region;
    private readonly SafeFileHandle? _file;
    private readonly MappedMemoryOptions _options;
    private readonly MappedKind _kind;
    private LeaseCounter _leases;
    private ViewMemory? _whole;
    private nuint _length;

    private MappedMemory(MappedSource source, MappedMemoryOptions options, PageRegion region, nuint length) =>
        (_kind, Name, _file, PageBytes, _options, _region, _length) = (source.Kind, source.Name, source.File, source.PageBytes, options, region, length);

    /// <summary>What is mapped, for messages: a path, or a description.</summary>
    public string Name { get; }

    /// <summary>Bytes.</summary>
    public nuint Length => Volatile.Read(ref _length);

    /// <summary>Bytes in a page of it: what the kernel knows ranges by. That of huge pages, where it is of those.</summary>
    public nuint PageBytes { get; }

    /// <summary>Loads, stores, or stores that a file never learns of.</summary>
    public MappedAccess Access => _options.Access;

    /// <summary>Whether there may be no stores: they would be a SIGSEGV.</summary>
    public bool IsReadOnly => _options.Access == MappedAccess.Read;

    /// <summary>The file, or null where there is none: a descriptor of this object's own, which goes with it. For passing on, not for closing.</summary>
    public SafeFileHandle? File => _file;

    /// <summary>Leases that are out: views, and pinned handles.</summary>
    public int Leases => _leases.Count;

    /// <summary>Bytes for loads and stores; raw, see the remarks of the class.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie within.</exception>
    /// <exception cref="InvalidOperationException">It is for reading alone.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Span<byte> Span(nuint offset, int length)
    {
        CheckWritable();
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return SpanAt(AddressOf(offset, (nuint)length), (nuint)length);
    }

    /// <summary>Bytes for loads; raw, see the remarks of the class.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie within.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public ReadOnlySpan<byte> ReadOnlySpan(nuint offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return SpanAt(AddressOf(offset, (nuint)length), (nuint)length);
    }

    /// <summary>Bytes, however many, for loads and stores; raw, see the remarks of the class.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie within.</exception>
    /// <exception cref="InvalidOperationException">It is for reading alone.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public MemoryWindow Window(nuint offset, nuint length)
    {
        CheckWritable();
        return WindowAt(AddressOf(offset, length), length);
    }

    /// <summary>Bytes, however many, for loads; raw, see the remarks of the class.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie within.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public ReadOnlyMemoryWindow ReadOnlyWindow(nuint offset, nuint length) => WindowAt(AddressOf(offset, length), length);

    /// <summary>A lease on bytes: they stay, where they are, until it is disposed of.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie within.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public MappedView View(nuint offset, nuint length)
    {
        Enter();
        try
        {
            return new(this, AddressOf(offset, length), offset, length);
        }
        catch
        {
            Exit();
            throw;
        }
    }

    /// <summary>Bytes for what is asynchronous, for loads and stores. It asks at each use whether they are there still; pinning it is a lease.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie within.</exception>
    /// <exception cref="InvalidOperationException">It is for reading alone.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Memory<byte> AsMemory(nuint offset, int length)
    {
        CheckWritable();
        return MemoryOf(offset, length);
    }

    /// <summary>Bytes for what is asynchronous, for loads. It asks at each use whether they are there still; pinning it is a lease.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie within.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public ReadOnlyMemory<byte> AsReadOnlyMemory(nuint offset, int length) => MemoryOf(offset, length);

    /// <summary>Refuses every new use. The pages go now, or with the last lease that is out. Nothing is written back.</summary>
    public void Dispose()
    {
        if (_leases.Close())
        {
            LetGo();
        }
    }

    /// <summary>The name and the length.</summary>
    public override string ToString() => $"{Name} ({Length} bytes)";
}
