// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Linux.Mapped;

/// <content>Who has it, and where bytes lie.</content>
public sealed partial class MappedMemory
{
    /// <summary>A span on bytes that lie there.</summary>
    /// <exception cref="InvalidOperationException">They are too many.</exception>
    internal static unsafe Span<byte> SpanAt(nint address, nuint length)
    {
        if (length > int.MaxValue)
        {
            throw new InvalidOperationException($"{length} bytes are more than a span can hold ({int.MaxValue}): use a window, or a shorter view");
        }

        // SAFETY: the caller got the address of AddressOf for so many bytes; a lease, or whoever called for raw bytes, sees to it that they stay.
        return new((void*)address, (int)length);
    }

    /// <summary>A window on bytes that lie there.</summary>
    internal static unsafe MemoryWindow WindowAt(nint address, nuint length) =>
        // SAFETY: as for SpanAt.
        MemoryWindow.DangerousCreate(ref Unsafe.AsRef<byte>((void*)address), length);

    /// <summary>Takes a lease.</summary>
    /// <param name="isLeased">Whether the caller has one: then it gets another one after <see cref="Dispose"/>, too.</param>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    internal void Enter(bool isLeased = false)
    {
        if (!(isLeased ? _leases.TryEnterAgain() : _leases.TryEnter()))
        {
            throw Gone();
        }
    }

    /// <summary>Gives a lease back.</summary>
    internal void Exit()
    {
        if (_leases.Exit())
        {
            LetGo();
        }
    }

    /// <summary>Where bytes lie, once it is sure that they lie within.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not.</exception>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    internal nint AddressOf(nuint offset, nuint length) => _leases.IsClosed ? throw Gone() : LeasedAddressOf(offset, length);

    /// <summary>As <see cref="AddressOf"/>, for whoever has a lease.</summary>
    internal nint LeasedAddressOf(nuint offset, nuint length)
    {
        WindowBounds.Check(offset, length, Length);
        return _region.Address + (nint)offset;
    }

    /// <summary>Refuses stores where there may be none.</summary>
    /// <exception cref="InvalidOperationException">It is for reading alone.</exception>
    internal void CheckWritable()
    {
        if (IsReadOnly)
        {
            throw new InvalidOperationException($"{Name}: it is mapped for reading: take read-only bytes, or map it with {nameof(MappedAccess.ReadWrite)} or {nameof(MappedAccess.CopyOnWrite)}");
        }
    }

    private ObjectDisposedException Gone() => new(nameof(MappedMemory), $"{Name}: the mapping was disposed of");

    private void LetGo()
    {
        _region.Dispose();
        _file?.Dispose();
    }

    /// <summary>All that lies in the first 2 GiB is of one object, which is made once.</summary>
    private Memory<byte> MemoryOf(nuint offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _ = AddressOf(offset, (nuint)length);
        if (offset + (nuint)length <= int.MaxValue)
        {
            ViewMemory whole = _whole ?? Interlocked.CompareExchange(ref _whole, new(this, 0, null, isLeased: false), null) ?? _whole;
            return whole.Memory.Slice((int)offset, length);
        }

        return new ViewMemory(this, offset, (nuint)length, isLeased: false).Memory;
    }
}
