// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Linux.Faults;
using Physr.Linux.Memory;
using Physr.Linux.Waiting;
using Physr.Paging.Client;
using Physr.Paging.Control;
using Physr.Paging.Stores;

namespace Physr.Paging;

/// <summary>Memory under ordinary pointers and spans whose bytes live elsewhere: in a file, compressed, in another process. A touch brings a page in, pressure takes pages out.</summary>
/// <remarks>
/// A raw touch is always legal in <see cref="RegionMode.Faults"/>, from any code: the fault is served by another process, so neither this program's garbage collector nor its threads have to move for it. It may take as
/// long as the store takes, though, and a collection waits for a thread that waits. A <see cref="ResidencyLease"/> waits in a system call instead, where no collection waits for it, and holds its pages.
/// </remarks>
public sealed unsafe partial class DevicePrivateRegion : IDisposable
{
    private readonly RegionStore _store;
    private readonly MemoryFile _window;
    private readonly MemoryFile _controlFile;
    private readonly Mapping _mapping;
    private readonly ControlBlock _control;
    private readonly Userfaultfd? _faults;
    private readonly EventCounter? _doorbell;
    private readonly PagerHost? _pager;
    private readonly ExplicitPaging? _explicit;
    private long _held;
    private volatile string? _whyAbandoned;

    private DevicePrivateRegion(RegionParts parts, RegionOptions options)
    {
        Name = options.Name;
        _store = parts.Store;
        _window = parts.Window!;
        _controlFile = parts.ControlFile!;
        _mapping = parts.Mapping!;
        _control = parts.Control!;
        _faults = parts.Faults;
        _doorbell = parts.Doorbell;
        _pager = parts.Pager;
        _explicit = parts.Explicit;
        Length = parts.Length;
        Id = parts.Id;
        Mode = _faults is null ? RegionMode.Explicit : RegionMode.Faults;
        ModeReason = parts.ModeReason;
    }

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; }

    /// <summary>The first byte. Valid until <see cref="Dispose"/>; 64 KiB and more on both sides of the region are mapped to nobody.</summary>
    public byte* Pointer => (byte*)_mapping.Address;

    /// <summary>How its pages come.</summary>
    public RegionMode Mode { get; }

    /// <summary>Why it is not <see cref="RegionMode.Faults"/>; empty where it is, or where that was not asked for.</summary>
    public string ModeReason { get; }

    /// <summary>Whether its faults are served only while in user mode: the system lets unprivileged users have no more. A system call that is given a pointer to a page that is not there fails with EFAULT then; take a lease before.</summary>
    public bool IsUserModeOnly => _faults?.IsUserModeOnly ?? false;

    /// <summary>How it is.</summary>
    public RegionHealth Health => _whyAbandoned is not null ? RegionHealth.Failed : _control.Health;

    /// <summary>Bytes that are resident now.</summary>
    public ulong ResidentBytes => (ulong)Math.Max(0, Volatile.Read(ref _control.Resident)) * ControlLayout.PageBytes;

    /// <summary>Bytes that may be.</summary>
    public ulong ResidentBudget => (ulong)Volatile.Read(ref _control.Budget) * ControlLayout.PageBytes;

    /// <summary>Who serves it; null in <see cref="RegionMode.Explicit"/>.</summary>
    public PagerHost? Pager => _pager;

    /// <summary>What happened so far.</summary>
    public RegionStatistics Statistics
    {
        get
        {
            Span<long> fills = stackalloc long[ControlBlock.Buckets];
            Span<long> evictions = stackalloc long[ControlBlock.Buckets];
            _control.CopyTimes(ControlLayout.FillTimesAt, fills);
            _control.CopyTimes(ControlLayout.EvictTimesAt, evictions);
            return new(
                _control.Counted(RegionCounter.MissingFaults), _control.Counted(RegionCounter.MinorFaults), _control.Counted(RegionCounter.WriteFaults),
                _control.Counted(RegionCounter.LeaseFills), _control.Counted(RegionCounter.Prefetched), _control.Counted(RegionCounter.Evictions),
                _control.Counted(RegionCounter.CleanEvictions), _control.Counted(RegionCounter.BytesIn), _control.Counted(RegionCounter.BytesOut),
                _control.Counted(RegionCounter.Poisonings), _control.Counted(RegionCounter.WriteFailures), _control.Counted(RegionCounter.Overcommits),
                Volatile.Read(ref _control.Resident), Math.Max(0, Volatile.Read(ref _held)), Math.Max(0, (int)_control.Generation - 1), new(fills), new(evictions));
        }
    }

    internal uint Id { get; }

    internal ControlBlock Control => _control;

    /// <summary>Some of the bytes as a span. A touch of what is not resident waits for it.</summary>
    /// <param name="offset">The first byte, from the region's start.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not within the region.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed of.</exception>
    public Span<byte> Span(ulong offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Check(offset, (ulong)length);

        // SAFETY: within the mapping. The caller does not use it after Dispose.
        return new(Pointer + offset, length);
    }

    /// <summary>The whole region, or a part of it, as a span of values; more than a span can hold of them is refused.</summary>
    /// <typeparam name="T">What the bytes are.</typeparam>
    /// <param name="offset">The first byte, from the region's start: a multiple of the value's alignment is the caller's business.</param>
    /// <param name="count">How many values.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not within the region.</exception>
    public Span<T> Span<T>(ulong offset, int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Check(offset, (ulong)count * (ulong)sizeof(T));

        // SAFETY: within the mapping. The caller does not use it after Dispose.
        return new(Pointer + offset, count);
    }

    /// <summary>Some of the bytes as memory, which can be kept and passed on. It does not hold the region; the caller does.</summary>
    /// <param name="offset">The first byte, from the region's start.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are not within the region.</exception>
    public Memory<byte> Memory(ulong offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Check(offset, (ulong)length);
        return new RegionMemory(this, offset, length).Memory;
    }

    /// <summary>Lets go of the region. What was changed is written to the store where that outlives the region; to have it durable, and to hear of errors, call <see cref="Persist()"/> before.</summary>
    /// <exception cref="InvalidOperationException">Leases still hold pages.</exception>
    public void Dispose()
    {
        long held = Interlocked.CompareExchange(ref _held, long.MinValue / 2, 0);
        if (held < 0)
        {
            return;
        }

        if (held > 0)
        {
            throw new InvalidOperationException($"{Name}: leases still hold {held} pages of it; end them first.");
        }

        RegionTelemetry.Remove(this);
        if (_pager is not null)
        {
            Unregister();
        }

        _explicit?.Dispose();
        _control.Dispose();
        _mapping.Dispose();
        _faults?.Dispose();
        _doorbell?.Dispose();
        _controlFile.Dispose();
        _window.Dispose();
        _store.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Length} bytes, {ResidentBytes} resident, {Health}";

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Check(ulong offset, ulong length)
    {
        if (offset > Length || length > Length - offset || Volatile.Read(ref _held) < 0)
        {
            Refuse(offset, length);
        }
    }

    private void Refuse(ulong offset, ulong length)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _held) < 0, this);
        throw new ArgumentOutOfRangeException(nameof(offset), offset, $"{Name}: {length} bytes from there are not within its {Length}.");
    }
}
