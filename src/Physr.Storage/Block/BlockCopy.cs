// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage;

/// <summary>Copies sectors of one device to sectors of another, by ranges: no page, and no memory between them where the route allows (mission text 004: sector to sector by way of frame numbers).</summary>
public sealed class BlockCopy
{
    private readonly BlockDevice _source;
    private readonly BlockDevice _target;
    private readonly RangeList _bounce;

    /// <summary>Prepares to copy.</summary>
    /// <param name="source">Where the bytes are.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="bounce">Memory that both devices reach, for where there is no direct way; empty forbids that.</param>
    public BlockCopy(BlockDevice source, BlockDevice target, RangeList? bounce = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        _source = source;
        _target = target;
        _bounce = bounce ?? RangeList.Empty;
    }

    /// <summary>Copies.</summary>
    /// <param name="from">The first sector of the source.</param>
    /// <param name="to">The first sector of the target.</param>
    /// <param name="sectors">How many, in multiples of both devices' blocks.</param>
    public BlockCopyResult Execute(ulong from, ulong to, ulong sectors)
    {
        using RangeListBuilder ranges = RangeListBuilder.Rent();
        ulong bytes = checked(sectors << Bio.SectorShift);
        string reason = "neither device is memory";
        BlockStatus status;
        if (_source.Dax is { } readable)
        {
            if (readable.TryDirectAccess(from << Bio.SectorShift, bytes, DirectAccess.Read, ranges, out reason) == Errno.None)
            {
                status = _target.Execute(new Bio(BioOperation.Write, to, ranges.Build().All));
                if (status is not (BlockStatus.Invalid or BlockStatus.NotSupported))
                {
                    return new(status, BlockCopyRoute.FromRanges, status == BlockStatus.Ok ? bytes : 0, 0, "");
                }

                reason = $"{_target.Name} does not reach the memory of {_source.Name}";
            }
        }
        else if (_target.Dax is { } writable && writable.TryDirectAccess(to << Bio.SectorShift, bytes, DirectAccess.Write, ranges, out reason) == Errno.None)
        {
            status = _source.Execute(new Bio(BioOperation.Read, from, ranges.Build().All));
            if (status == BlockStatus.Ok && writable.TryFlush(to << Bio.SectorShift, bytes) != Errno.None)
            {
                status = BlockStatus.IoError;
            }

            if (status is not (BlockStatus.Invalid or BlockStatus.NotSupported))
            {
                return new(status, BlockCopyRoute.IntoRanges, status == BlockStatus.Ok ? bytes : 0, 0, "");
            }

            reason = $"{_source.Name} does not reach the memory of {_target.Name}";
        }

        return Bounce(from, to, bytes, reason);
    }

    private BlockCopyResult Bounce(ulong from, ulong to, ulong bytes, string reason)
    {
        ulong unit = Math.Max(_source.Limits.LogicalBlockBytes, _target.Limits.LogicalBlockBytes);
        ulong most = Alignment.Down(_bounce.Length, unit);
        if (most == 0)
        {
            return new(BlockStatus.NotSupported, BlockCopyRoute.Bounced, 0, 0, $"{reason}, and no memory between them is given");
        }

        ulong done = 0;
        while (done < bytes)
        {
            ulong part = Math.Min(most, bytes - done);
            BlockStatus status = _source.Execute(new Bio(BioOperation.Read, from + (done >> Bio.SectorShift), _bounce.View(0, part)));
            status = status == BlockStatus.Ok ? _target.Execute(new Bio(BioOperation.Write, to + (done >> Bio.SectorShift), _bounce.View(0, part))) : status;
            if (status != BlockStatus.Ok)
            {
                return new(status, BlockCopyRoute.Bounced, done, done, reason);
            }

            done += part;
        }

        return new(BlockStatus.Ok, BlockCopyRoute.Bounced, bytes, bytes, reason);
    }
}
