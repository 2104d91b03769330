// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using System.Numerics;
using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <summary>How transfers past the page cache must be aligned.</summary>
/// <param name="Memory">What addresses are multiples of, in bytes.</param>
/// <param name="Offset">What offsets and lengths are multiples of, in bytes.</param>
/// <param name="IsTold">Whether the file system told (<c>statx</c> with <c>STATX_DIOALIGN</c>); otherwise it is concluded from the device's logical block, or from the file's.</param>
public readonly record struct DirectAlignment(uint Memory, uint Offset, bool IsTold)
{
    private const uint Sector = 512;

    /// <summary>Asks for that of an open file. False: there are no such transfers of this file.</summary>
    internal static bool TryOf(SafeFileHandle file, out DirectAlignment alignment)
    {
        alignment = default;
        if (LibC.Statx(file, "", PathFlags.AT_EMPTY_PATH, StatxMask.STATX_BASIC_STATS | StatxMask.STATX_DIOALIGN, out StatxRecord record) != 0)
        {
            return false;
        }

        if (record.Mask.HasFlag(StatxMask.STATX_DIOALIGN))
        {
            alignment = new(record.DirectMemoryAlignment, record.DirectOffsetAlignment, IsTold: true);
            return alignment.Offset != 0;
        }

        alignment = Conclude(record, BlockDevice.SectorOf(file));
        return true;
    }

    /// <summary>What is right in any case: a multiple of the device's logical block; of the file's, up to a page, where no device is known.</summary>
    internal static DirectAlignment Conclude(in StatxRecord record, uint? sector)
    {
        uint page = (uint)Environment.SystemPageSize;
        uint block = sector ?? LogicalBlockOf(record.DeviceMajor, record.DeviceMinor) ?? uint.Clamp(record.BlockSize, Sector, page);
        block = BitOperations.IsPow2(block) ? block : page;
        return new(block, block, IsTold: false);
    }

    private static uint? LogicalBlockOf(uint major, uint minor)
    {
        if (major == 0)
        {
            return null;
        }

        // A partition has no queue of its own: its disk has, one folder up.
        string? device = Directory.ResolveLinkTarget($"/sys/dev/block/{major}:{minor}", returnFinalTarget: true)?.FullName;
        string? queue = device is null ? null : new[] { device, Path.GetDirectoryName(device)! }.Select(static folder => Path.Combine(folder, "queue/logical_block_size")).FirstOrDefault(File.Exists);
        return queue is not null && uint.TryParse(File.ReadAllText(queue), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out uint block) ? block : null;
    }
}
