// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers;

namespace Physr.Linux.Mapped;

/// <summary>Zeroed memory outside of the garbage collector's heap, aligned to a page or to any larger power of two, of any length; for devices, for <see cref="DirectFile"/>, for whatever wants to know where it lies.</summary>
/// <remarks><para>Pinned handles and views are leases: <see cref="Dispose"/> refuses every new use at once, and the pages go with the last of them. Spans and windows are raw: that they are not used after
/// <see cref="Dispose"/>, and that the buffer is not forgotten meanwhile, is the caller's duty.</para>
/// <code>
/// using AlignedBuffer buffer = AlignedBuffer.Allocate(1 &lt;&lt; 20, alignment: 2 &lt;&lt; 20);
/// buffer.Span.Fill(0xff);
/// await socket.SendAsync(buffer.Memory);
/// </code></remarks>
public sealed class AlignedBuffer : IMemoryOwner<byte>
{
    private readonly MappedMemory _memory;

    private AlignedBuffer(MappedMemory memory, nuint alignment) => (_memory, Alignment, Address) = (memory, alignment, memory.AddressOf(0, 0));

    /// <summary>Bytes.</summary>
    public nuint Length => _memory.Length;

    /// <summary>What the address is a multiple of, at least.</summary>
    public nuint Alignment { get; }

    /// <summary>Where the first byte lies, for native calls.</summary>
    public nint Address { get; }

    /// <summary>All bytes.</summary>
    /// <exception cref="InvalidOperationException">They are too many for a span: use <see cref="Window"/>.</exception>
    /// <exception cref="ObjectDisposedException">The buffer is gone.</exception>
    public Span<byte> Span => MappedMemory.SpanAt(_memory.AddressOf(0, Length), Length);

    /// <summary>All bytes, however many.</summary>
    /// <exception cref="ObjectDisposedException">The buffer is gone.</exception>
    public MemoryWindow Window => _memory.Window(0, Length);

    /// <summary>All bytes for what is asynchronous.</summary>
    /// <exception cref="InvalidOperationException">They are too many: use <see cref="View"/>.</exception>
    /// <exception cref="ObjectDisposedException">The buffer is gone.</exception>
    public Memory<byte> Memory => Length <= int.MaxValue
        ? _memory.AsMemory(0, (int)Length)
        : throw new InvalidOperationException($"{Length} bytes are more than a Memory can hold ({int.MaxValue}): use views of parts");

    /// <summary>Leases that are out: views, and pinned handles.</summary>
    public int Leases => _memory.Leases;

    /// <summary>Makes a buffer of zeros.</summary>
    /// <param name="options">How.</param>
    /// <param name="buffer">The buffer; null on failure.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/> for 0 bytes or an alignment that is no power of two; <see cref="Errno.ENOMEM"/> where memory, addresses, huge pages or what may be locked are short; others as
    /// <see cref="MappedMemory.TryAllocate"/>.</returns>
    public static Errno TryAllocate(AlignedBufferOptions options, out AlignedBuffer? buffer, out string reason)
    {
        ArgumentNullException.ThrowIfNull(options);
        buffer = null;
        MappedMemoryOptions mapped = new()
        {
            Access = MappedAccess.ReadWrite,
            Length = options.Length,
            Alignment = options.Alignment,
            Pages = options.Pages,
            Locks = options.Locks,
            Populates = options.Populates,
            DontFork = !options.IsCopiedByFork,
            DontDump = options.DontDump,
            HasGuards = options.HasGuards,
        };
        Errno errno = MappedMemory.TryAllocate(mapped, out MappedMemory? memory, out reason);
        if (errno == Errno.None)
        {
            buffer = new(memory!, nuint.Max(options.Alignment, memory!.PageBytes));
        }

        return errno;
    }

    /// <summary>Makes a buffer of zeros.</summary>
    /// <param name="length">Bytes; not 0.</param>
    /// <param name="alignment">What its address is to be a multiple of: a power of two. It is a multiple of a page in any case.</param>
    /// <exception cref="PhysrException">It cannot be had.</exception>
    public static AlignedBuffer Allocate(nuint length, nuint alignment = 0) =>
        MappedMemory.Demand("allocate a buffer", TryAllocate(new() { Length = length, Alignment = alignment }, out AlignedBuffer? buffer, out string reason), "", reason, buffer);

    /// <summary>A lease on bytes: they stay until it is disposed of.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie within.</exception>
    /// <exception cref="ObjectDisposedException">The buffer is gone.</exception>
    public MappedView View(nuint offset, nuint length) => _memory.View(offset, length);

    /// <summary>Sets all bytes to zero.</summary>
    /// <exception cref="ObjectDisposedException">The buffer is gone.</exception>
    public void Clear() => Window.Clear();

    /// <summary>Refuses every new use. The pages go now, or with the last lease that is out.</summary>
    public void Dispose() => _memory.Dispose();

    /// <summary>Where it is.</summary>
    public override string ToString() => $"0x{Address:x}+0x{Length:x}";

    /// <summary>Takes a lease for a call.</summary>
    internal void Enter() => _memory.Enter();

    /// <summary>Gives it back.</summary>
    internal void Exit() => _memory.Exit();
}
