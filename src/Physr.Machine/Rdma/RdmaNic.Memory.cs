// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using System.Runtime.InteropServices;
using Physr.Machine.Bus;
using Physr.Machine.Rdma.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <content>Memory regions: making them, and the only way to payload memory.</content>
public sealed partial class RdmaNic
{
    // Bytes of a block list that are read at a time.
    private const int ListPiece = 64 << 10;

    // A region's table of up to this many blocks is kept for the next region in its place.
    private const int KeptBlocks = 64 << 10;

    private Errno RegisterMemory(in RdmaCommand command, out ulong value, ref SimTime doneAt)
    {
        value = 0;
        RdmaAccess access = (RdmaAccess)command.E;
        const RdmaAccess all = RdmaAccess.LocalWrite | RdmaAccess.RemoteWrite | RdmaAccess.RemoteRead;
        bool writableRemotelyOnly = (access & (RdmaAccess.RemoteWrite | RdmaAccess.LocalWrite)) == RdmaAccess.RemoteWrite;
        if ((access & ~all) != RdmaAccess.None || writableRemotelyOnly || command.F is < RdmaLimits.MinBlockShift or > RdmaLimits.MaxBlockShift
            || command.B == 0 || command.A + (command.B - 1) < command.A || command.G is 0 or > RdmaLimits.MaxBlocks)
        {
            return Errno.EINVAL;
        }

        // Row R63c, R63d: slack only before the first and after the last byte, so the count follows from the bytes.
        ulong blockSize = 1UL << (int)command.F;
        UInt128 spanned = (UInt128)(command.A & (blockSize - 1)) + command.B;
        if ((spanned + blockSize - 1) / blockSize != command.G || !new DmaAddress(command.C).TryAdd((ulong)command.G * sizeof(ulong), out _))
        {
            return Errno.EINVAL;
        }

        if (!IsDomain(command.D))
        {
            return Errno.ENOENT;
        }

        if (!_freeRegions.TryPeek(out int index) || !TryReserve(_regions[index], (int)command.G))
        {
            return Errno.ENOMEM;
        }

        MemoryRegion region = _regions[index];
        Errno errno = ReadBlockList(region, command, blockSize, ref doneAt);
        if (errno != Errno.None)
        {
            return errno;
        }

        _freeRegions.Pop();
        region.IsLive = true;
        region.Generation = NextGeneration(region.Generation);
        region.Domain = command.D;
        region.Access = access;
        region.FirstAddress = command.A;
        region.Length = command.B;
        region.BlockShift = (int)command.F;
        region.BlockCount = (int)command.G;
        _domainUsers[command.D]++;
        value = ((uint)index << RdmaLimits.KeyGenerationBits) | region.Generation;
        return Errno.None;
    }

    private Errno ReadBlockList(MemoryRegion region, in RdmaCommand command, ulong blockSize, ref SimTime doneAt)
    {
        Span<byte> list = MemoryMarshal.AsBytes(region.Blocks.AsSpan(0, (int)command.G));
        for (int at = 0; at < list.Length; at += ListPiece)
        {
            BusCompletion read = Bus.Read(new DmaAddress(command.C + (ulong)at), list.Slice(at, Math.Min(ListPiece, list.Length - at)), Traffic.Control);
            if (!read.IsSuccess)
            {
                return Errno.EIO;
            }

            doneAt = SimTime.Max(doneAt, read.FinishedAt.Add(_options.RequestDelay));
        }

        foreach (ref ulong block in region.Blocks.AsSpan(0, (int)command.G))
        {
            block = BitConverter.IsLittleEndian ? block : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(block);
            if ((block & (blockSize - 1)) != 0 || !new DmaAddress(block).TryAdd(blockSize, out _))
            {
                return Errno.EINVAL;
            }
        }

        return Errno.None;
    }

    /// <summary>Keys are never 0, and a key that was in use comes back only after 255 others of its place.</summary>
    private static byte NextGeneration(byte generation) => generation == byte.MaxValue ? (byte)1 : (byte)(generation + 1);

    private bool TryReserve(MemoryRegion region, int blocks)
    {
        if (region.Blocks.Length >= blocks)
        {
            return true;
        }

        int size = (int)BitOperations.RoundUpToPowerOf2((uint)blocks);
        DropTable(region);
        if (_translations + (ulong)size > _options.MaxTranslations)
        {
            foreach (MemoryRegion other in _regions)
            {
                if (!other.IsLive)
                {
                    DropTable(other);
                }
            }
        }

        if (_translations + (ulong)size > _options.MaxTranslations)
        {
            return false;
        }

        _translations += (ulong)size;
        region.Blocks = new ulong[size];
        return true;
    }

    private Errno DeregisterMemory(uint key)
    {
        if (!TryFindRegion(key, out MemoryRegion? region))
        {
            return Errno.ENOENT;
        }

        region.IsLive = false;
        _domainUsers[region.Domain]--;
        _freeRegions.Push((int)(key >> RdmaLimits.KeyGenerationBits));
        if (region.Blocks.Length > KeptBlocks)
        {
            DropTable(region);
        }

        return Errno.None;
    }

    private void DropTable(MemoryRegion region)
    {
        _translations -= (ulong)region.Blocks.Length;
        region.Blocks = [];
    }

    private bool TryFindRegion(uint key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out MemoryRegion? region)
    {
        uint index = key >> RdmaLimits.KeyGenerationBits;
        region = index < (uint)_regions.Length ? _regions[index] : null;
        return region is { IsLive: true } && region.Generation == (byte)key;
    }

    /// <summary>Whether a key lets a queue pair reach bytes in a way.</summary>
    private bool MayReach(QueuePair queuePair, uint key, ulong address, ulong length, RdmaAccess needed) =>
        TryFindRegion(key, out MemoryRegion? region) && region.Domain == queuePair.Domain && (region.Access & needed) == needed && region.Covers(address, length);

    /// <summary>Reads bytes of a region; the rights are judged again for these very bytes, because the region may have ended since the request began.</summary>
    private BusStatus? Gather(QueuePair queuePair, uint key, ulong address, Span<byte> destination, RdmaAccess needed, out SimTime finishedAt)
    {
        finishedAt = Bus.Now;
        if (destination.IsEmpty)
        {
            return BusStatus.Success;
        }

        if (!MayReach(queuePair, key, address, (ulong)destination.Length, needed) || !TryFindRegion(key, out MemoryRegion? region))
        {
            return null;
        }

        while (!destination.IsEmpty)
        {
            DmaAddress at = region.Translate(address, (ulong)destination.Length, out ulong run);
            BusCompletion read = Bus.Read(at, destination[..(int)run], Traffic.Payload);
            finishedAt = SimTime.Max(finishedAt, read.FinishedAt);
            if (!read.IsSuccess)
            {
                return read.Status;
            }

            destination = destination[(int)run..];
            address += run;
        }

        return BusStatus.Success;
    }

    /// <summary>Writes bytes of a region.</summary>
    /// <returns>How the bus ended it, or nothing where the key does not allow it.</returns>
    private BusStatus? Scatter(QueuePair queuePair, uint key, ulong address, ReadOnlySpan<byte> source, RdmaAccess needed, out SimTime finishedAt)
    {
        finishedAt = Bus.Now;
        if (source.IsEmpty)
        {
            return BusStatus.Success;
        }

        if (!MayReach(queuePair, key, address, (ulong)source.Length, needed) || !TryFindRegion(key, out MemoryRegion? region))
        {
            return null;
        }

        while (!source.IsEmpty)
        {
            DmaAddress at = region.Translate(address, (ulong)source.Length, out ulong run);
            BusCompletion write = Bus.Write(at, source[..(int)run], Traffic.Payload);
            finishedAt = SimTime.Max(finishedAt, write.FinishedAt);
            if (!write.IsSuccess)
            {
                return write.Status;
            }

            source = source[(int)run..];
            address += run;
        }

        return BusStatus.Success;
    }
}
