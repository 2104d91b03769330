// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Security.Cryptography;

namespace Physr.Storage.Files;

public sealed partial class FileStore
{
    private const ulong AreaShare = 256;
    private const ulong MostAreaBytes = 64UL << 20;

    /// <summary>Makes an empty store of all of a device. What was there is gone; until the end nothing can be mounted.</summary>
    /// <param name="device">The device.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <param name="options">How; the defaults where null.</param>
    /// <returns><see cref="Errno.ENOSPC"/> where the device is too small; <see cref="Errno.EINVAL"/>; what the device returns.</returns>
    public static Errno TryFormat(IDaxDevice device, out string reason, FormatOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        options ??= new();
        ulong areaBytes = options.AreaBytes != 0 ? options.AreaBytes
            : Math.Clamp(Alignment.Up(device.Length / AreaShare, BlockBytes), Superblock.LeastAreaBlocks * BlockBytes, MostAreaBytes);
        Superblock superblock = new(Math.Min(device.Length / BlockBytes, int.MaxValue), areaBytes / BlockBytes, options.Id != 0 ? options.Id : BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));
        if (areaBytes % BlockBytes != 0 || superblock.AreaBlocks < Superblock.LeastAreaBlocks || areaBytes > int.MaxValue)
        {
            reason = $"a metadata area of {areaBytes} bytes is not a multiple of {BlockBytes} from {Superblock.LeastAreaBlocks * BlockBytes} on, below 2 GiB";
            return Errno.EINVAL;
        }

        if (superblock.AreaBlocks > superblock.Blocks / 2 || superblock.FirstDataBlock >= superblock.Blocks)
        {
            reason = $"{device.Name} has {device.Length} bytes: two superblocks, two metadata areas of {areaBytes} and data do not fit";
            return Errno.ENOSPC;
        }

        Span<byte> line = stackalloc byte[Superblock.Bytes];
        line.Clear();
        Errno errno = WriteSuperblocks(device, line);
        errno = errno == Errno.None ? MetadataLog.TryFormat(device, superblock) : errno;
        if (errno == Errno.None)
        {
            superblock.Write(line);
            errno = WriteSuperblocks(device, line);
        }

        reason = errno == Errno.None ? "" : $"{device.Name} does not take it: {errno}";
        return errno;
    }

    /// <summary>Opens a store. Everything is checked first; nothing is stored.</summary>
    /// <param name="device">The device.</param>
    /// <param name="store">The store; null on failure.</param>
    /// <param name="reason">What is wrong, and where; empty on success.</param>
    /// <param name="isReadOnly">Whether to refuse changes; those of a read-only device are refused anyway.</param>
    /// <returns><see cref="Errno.EUCLEAN"/> where no store is, or a damaged one; <see cref="Errno.EIO"/> where metadata is lost; <see cref="Errno.ENXIO"/> where the device is
    /// shorter than the store; <see cref="Errno.EOPNOTSUPP"/> for another version.</returns>
    public static Errno TryMount(IDaxDevice device, out FileStore? store, out string reason, bool isReadOnly = false)
    {
        ArgumentNullException.ThrowIfNull(device);
        store = null;
        Errno errno = ReadSuperblocks(device, out Superblock superblock, out reason, null);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = MetadataLog.TryLoad(device, superblock, out MetadataState? state, out MetadataLog? log, out reason);
        if (errno == Errno.None)
        {
            store = new(device, superblock, state!, log!, isReadOnly);
        }

        return errno;
    }

    private static Errno WriteSuperblocks(IDaxDevice device, ReadOnlySpan<byte> line)
    {
        for (ulong at = 0; at < Superblock.Copies * BlockBytes; at += BlockBytes)
        {
            Errno errno = device.TryClearErrors(at, MediaErrors.BlockBytes, out _);
            errno = errno == Errno.None ? device.TryWrite(at, line) : errno;
            errno = errno == Errno.None ? device.TryFlush(at, (ulong)line.Length) : errno;
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        return device.TryFence();
    }

    /// <summary>Reads the superblock; one good copy is enough, two must agree.</summary>
    private static Errno ReadSuperblocks(IDaxDevice device, out Superblock superblock, out string reason, List<string>? problems)
    {
        Span<byte> line = stackalloc byte[Superblock.Bytes];
        Errno first = Errno.None;
        bool isFound = false;
        superblock = default;
        reason = "";
        for (ulong copy = 0; copy < Superblock.Copies; copy++)
        {
            ulong at = copy * BlockBytes;
            bool isBehind = device.Length < at + BlockBytes;
            string why = isBehind ? $"the device ends before it, at byte {device.Length}" : "its bytes are lost";
            Superblock read = default;
            Errno errno = isBehind ? Errno.ENXIO : device.TryRead(at, line);
            errno = errno == Errno.None ? Superblock.TryParse(line, device.Length, out read, out why) : errno;
            if (errno == Errno.None && isFound && read != superblock)
            {
                reason = "the superblocks at bytes 0 and 4096 are both whole and say different things";
                return Errno.EUCLEAN;
            }

            if (errno != Errno.None)
            {
                problems?.Add($"superblock at byte {at}: {why}");
                reason = copy == 0 || first == Errno.EUCLEAN ? $"superblock at byte {at}: {why}" : reason;
                first = copy == 0 || first == Errno.EUCLEAN ? errno : first;
                continue;
            }

            superblock = read;
            isFound = true;
        }

        reason = isFound ? "" : reason;
        return isFound ? Errno.None : first;
    }
}
