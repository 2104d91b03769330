// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage;

/// <summary>A block device over memory: a RAM disk, or a namespace of persistent memory (the kernel's <c>pmem</c>). The CPU copies; a write is durable when it completes with
/// <see cref="BioFlags.ForceUnitAccess"/>, or after a flush.</summary>
public sealed class DaxBlockDevice : BlockDevice
{
    private readonly IDaxDevice _dax;
    private readonly IHostBytes _host;

    /// <summary>Makes a block device.</summary>
    /// <param name="dax">Its bytes.</param>
    /// <param name="host">Where the memory at the other end of bios is.</param>
    /// <param name="limits">What it takes; without limits where nothing is said.</param>
    public DaxBlockDevice(IDaxDevice dax, IHostBytes host, BlockQueueLimits? limits = null)
        : base((dax ?? throw new ArgumentNullException(nameof(dax))).Name, dax.Length >> Bio.SectorShift, limits ?? new() { MaxDiscardSectors = uint.MaxValue, MaxWriteZeroesSectors = uint.MaxValue, HasVolatileCache = true, AlignmentMask = 0 })
    {
        ArgumentNullException.ThrowIfNull(host);
        _dax = dax;
        _host = host;
    }

    /// <inheritdoc/>
    public override bool IsReadOnly => _dax.IsReadOnly;

    /// <inheritdoc/>
    public override IDaxDevice Dax => _dax;

    /// <inheritdoc/>
    protected override void Start(Bio bio)
    {
        Errno errno = (bio.Flags & BioFlags.PreFlush) != BioFlags.None ? Flush() : Errno.None;
        errno = errno != Errno.None ? errno : bio.Operation switch
        {
            BioOperation.Read => Read(bio),
            BioOperation.Write => Write(bio),
            BioOperation.Flush => Flush(),
            _ => Zero(bio),
        };
        if (errno == Errno.None && (bio.Flags & BioFlags.ForceUnitAccess) != BioFlags.None && bio.Operation != BioOperation.Read)
        {
            errno = _dax.TryFence();
        }

        bio.Complete(StatusOf(errno));
    }

    internal static BlockStatus StatusOf(Errno errno) => errno switch
    {
        Errno.None => BlockStatus.Ok,
        Errno.EIO or Errno.EHWPOISON => BlockStatus.Medium,
        Errno.EROFS => BlockStatus.Protection,
        Errno.ENOSPC => BlockStatus.NoSpace,
        Errno.ENOMEM or Errno.EAGAIN => BlockStatus.Resource,
        Errno.EFAULT or Errno.EINVAL or Errno.EREMOTEIO => BlockStatus.Invalid,
        Errno.EOPNOTSUPP => BlockStatus.NotSupported,
        Errno.ENODEV => BlockStatus.Offline,
        _ => BlockStatus.IoError,
    };

    private Errno Read(Bio bio)
    {
        ulong at = bio.Sector << Bio.SectorShift;
        Span<byte> buffer = stackalloc byte[4096];
        foreach (ProvidedRange entry in bio.Data)
        {
            for (ulong done = 0; done < entry.Range.Length;)
            {
                PhysicalAddress address = entry.Range.Start.Add(done);
                ulong left = entry.Range.Length - done;
                Span<byte> target = _host.WritableAt(address, left);
                Errno errno;
                ulong count = (ulong)target.Length;
                if (count != 0)
                {
                    errno = _dax.TryRead(at, target);
                }
                else
                {
                    Span<byte> through = buffer[..(int)Math.Min(left, (ulong)buffer.Length)];
                    count = (ulong)through.Length;
                    errno = _dax.TryRead(at, through);
                    errno = errno == Errno.None ? _host.TryWrite(address, through) : errno;
                }

                if (errno != Errno.None)
                {
                    return errno;
                }

                done += count;
                at += count;
            }
        }

        return Errno.None;
    }

    private Errno Write(Bio bio)
    {
        ulong start = bio.Sector << Bio.SectorShift;
        ulong at = start;

        // Bytes that were lost get new ones: a write is how a block device mends them.
        Errno cleared = _dax.TryClearErrors(start, bio.Bytes, out _);
        if (cleared != Errno.None)
        {
            return cleared;
        }

        Span<byte> buffer = stackalloc byte[4096];
        foreach (ProvidedRange entry in bio.Data)
        {
            for (ulong done = 0; done < entry.Range.Length;)
            {
                PhysicalAddress address = entry.Range.Start.Add(done);
                scoped ReadOnlySpan<byte> source = _host.ReadableAt(address, entry.Range.Length - done);
                Errno errno = Errno.None;
                if (source.IsEmpty)
                {
                    Span<byte> through = buffer[..(int)Math.Min(entry.Range.Length - done, (ulong)buffer.Length)];
                    errno = _host.TryRead(address, through);
                    source = through;
                }

                errno = errno == Errno.None ? _dax.TryWrite(at, source) : errno;
                if (errno != Errno.None)
                {
                    return errno;
                }

                done += (ulong)source.Length;
                at += (ulong)source.Length;
            }
        }

        return _dax.TryFlush(start, bio.Bytes);
    }

    private Errno Flush() => _dax.TryFence();

    private Errno Zero(Bio bio)
    {
        Span<byte> zeros = stackalloc byte[4096];
        zeros.Clear();
        ulong start = bio.Sector << Bio.SectorShift;
        Errno cleared = _dax.TryClearErrors(start, bio.Bytes, out _);
        if (cleared != Errno.None)
        {
            return cleared;
        }

        for (ulong done = 0; done < bio.Bytes;)
        {
            int count = (int)Math.Min((ulong)zeros.Length, bio.Bytes - done);
            Errno errno = _dax.TryWrite(start + done, zeros[..count]);
            if (errno != Errno.None)
            {
                return errno;
            }

            done += (ulong)count;
        }

        return _dax.TryFlush(start, bio.Bytes);
    }
}
