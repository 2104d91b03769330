// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <content>Copies of many pages at once, for migration: neighbours go as one command.</content>
public sealed partial class GpuDriver
{
    private readonly Queue<GpuJobCompletion> _kept;

    /// <summary>Copies pages between RAM and the GPU's memory, in any mixture of directions, or within the latter, and runs the machine until they are through. Jobs
    /// posted before go on; their ends are told afterwards. Pages later in the list are not copied before those earlier.</summary>
    /// <param name="pages">The pages, best so that neighbours follow each other.</param>
    /// <param name="copied">How many, from the first, are surely copied.</param>
    /// <returns><see cref="Errno.EINVAL"/> for a copy from RAM to RAM or a misaligned page, of which nothing is copied; <see cref="Errno.EIO"/> when a copy failed, or
    /// the engine; <see cref="Errno.ENODEV"/> or <see cref="Errno.ETIMEDOUT"/> as of <see cref="Wait"/>.</returns>
    public Errno CopyPages(ReadOnlySpan<GpuPageCopy> pages, out int copied)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        copied = 0;
        foreach (ref readonly GpuPageCopy page in pages)
        {
            bool isBetweenRam = page.Source.Aperture == GpuAperture.System && page.Destination.Aperture == GpuAperture.System;
            if (isBetweenRam || ((page.Source.Value | page.Destination.Value) & (PageSize.Size4K - 1)) != 0)
            {
                return Errno.EINVAL;
            }
        }

        int placed = 0;
        Errno errno = Errno.None;
        while (copied < pages.Length || _pagesOutstanding != 0)
        {
            uint before = _posted;
            while (errno == Errno.None && placed < pages.Length && Outstanding < _slots.Length)
            {
                int count = RunAt(pages, placed);
                PlacePages(pages[placed], count);
                placed += count;
            }

            if (_posted != before)
            {
                RingDoorbell();
            }

            Errno waited = WaitForAny(out GpuJobCompletion completion, out bool isPages);
            if (waited != Errno.None)
            {
                // What is outstanding gets no end any more, or one that no one asks for.
                return waited;
            }

            if (!isPages)
            {
                _kept.Enqueue(completion);
                continue;
            }

            _pagesOutstanding--;

            errno = completion.IsSuccess ? errno : Errno.EIO;
            copied += errno == Errno.None ? (int)completion.Id : 0;
            if (errno != Errno.None && _pagesOutstanding == 0)
            {
                return errno;
            }
        }

        return errno;
    }

    private static int RunAt(ReadOnlySpan<GpuPageCopy> pages, int first)
    {
        GpuPageCopy head = pages[first];
        int count = 1;
        while (first + count < pages.Length)
        {
            ulong ahead = (ulong)count * PageSize.Size4K;
            ref readonly GpuPageCopy next = ref pages[first + count];
            if (next.Source.Aperture != head.Source.Aperture || next.Source.Value != unchecked(head.Source.Value + ahead)
                || next.Destination.Aperture != head.Destination.Aperture || next.Destination.Value != unchecked(head.Destination.Value + ahead))
            {
                break;
            }

            count++;
        }

        return count;
    }

    private void PlacePages(in GpuPageCopy first, int count)
    {
        GpuOpcode opcode = first.Source.Aperture == GpuAperture.System ? GpuOpcode.CopyFromBus
            : first.Destination.Aperture == GpuAperture.System ? GpuOpcode.CopyToBus : GpuOpcode.CopyWithin;
        Place(new(opcode, 0, first.Source.Value, first.Destination.Value, (ulong)count * PageSize.Size4K, 0), (ulong)count, isLast: true);
        _slots[(int)((_posted - 1) & ((1U << _log2) - 1))].IsPages = true;
        _pagesOutstanding++;
    }

    private Errno WaitForAny(out GpuJobCompletion completion, out bool isPages)
    {
        for (uint steps = 1; ; steps++)
        {
            if (TryTake(out completion, out isPages))
            {
                return Errno.None;
            }

            bool ran = _host.Step();
            if (ran && steps % StepsBetweenLooks != 0)
            {
                continue;
            }

            Errno errno = LookAtDevice();
            if (errno != Errno.None || !ran)
            {
                return errno != Errno.None ? errno : Errno.ETIMEDOUT;
            }
        }
    }
}
