// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Physr.Mm.Tests.Differential;

/// <summary>What the kernel answered to one sequence, as the agent wrote it.</summary>
internal sealed class Transcript(MmSequence sequence, byte[] bytes)
{
    private const uint RecordMark = 0x52;

    private enum Block : byte
    {
        End,
        Reads,
        Writes,
        Observation,
    }

    public MmSequence Sequence { get; } = sequence;

    /// <summary>Two runs were the same if, and only if, these are.</summary>
    public ReadOnlySpan<byte> Bytes => bytes;

    public IEnumerable<StepRecord> Steps()
    {
        int at = 0;
        while (at < bytes.Length)
        {
            yield return Next(ref at);
        }
    }

    private StepRecord Next(ref int at)
    {
        ReadOnlySpan<byte> from = bytes.AsSpan(at);
        if (BinaryPrimitives.ReadUInt32LittleEndian(from) != RecordMark)
        {
            throw new InvalidDataException($"No record at byte {at} of the agent's answer.");
        }

        StepRecord record = new(BinaryPrimitives.ReadInt32LittleEndian(from[4..])) { Result = OpResult.Decode(from[8..]) };
        from = from[24..];
        while (true)
        {
            Block block = (Block)from[0];
            int process = from[1];
            int count = BinaryPrimitives.ReadUInt16LittleEndian(from[2..]);
            from = from[8..];
            switch (block)
            {
                case Block.End:
                    at = bytes.Length - from.Length;
                    return record;
                case Block.Reads:
                    record.Reads[process] = Take<ProbeOutcome>(ref from, count).ToArray();
                    record.ReadHashes[process] = Take<ulong>(ref from, count).ToArray();
                    break;
                case Block.Writes:
                    record.Writes[process] = Take<ProbeOutcome>(ref from, count).ToArray();
                    break;
                case Block.Observation:
                    record.Observation.Processes[process] = Process(ref from, count);
                    break;
                default:
                    throw new InvalidDataException($"No block at byte {bytes.Length - from.Length} of the agent's answer.");
            }
        }
    }

    private static ProcessObservation Process(ref ReadOnlySpan<byte> from, int vmas)
    {
        ProcessObservation seen = new();
        foreach (VmaObservation vma in Take<VmaObservation>(ref from, vmas))
        {
            // Soft-dirty, which not every kernel has, is not modelled.
            seen.Vmas.Add(vma with { Flags = vma.Flags & ~VmFlags.sd });
        }

        Take<PageObservation>(ref from, Arena.Pages).CopyTo(seen.Pages);
        foreach (ref PageObservation page in seen.Pages.AsSpan())
        {
            page.Flags &= ~PageFlags.SoftDirty;
        }

        foreach (VmaObservation vma in seen.Vmas)
        {
            if (!vma.Permissions.HasFlag(VmaPermissions.Read))
            {
                continue;
            }

            for (int page = (int)((vma.Start - Arena.Start) / Arena.PageSize); page < (int)((vma.End - Arena.Start) / Arena.PageSize); page++)
            {
                if (seen.Pages[page].Flags.HasFlag(PageFlags.Present))
                {
                    seen.Hashes[page] = Take<ulong>(ref from, 1)[0];
                }
            }
        }

        return seen;
    }

    private static ReadOnlySpan<T> Take<T>(ref ReadOnlySpan<byte> from, int count)
        where T : unmanaged
    {
        int size = count * System.Runtime.CompilerServices.Unsafe.SizeOf<T>();
        ReadOnlySpan<T> taken = MemoryMarshal.Cast<byte, T>(from[..size]);
        from = from[size..];
        return taken;
    }
}
