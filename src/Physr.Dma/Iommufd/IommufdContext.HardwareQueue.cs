// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd.Hardware;

namespace Physr.Dma.Iommufd;

public sealed partial class IommufdContext
{
    /// <summary>Lets the hardware work a queue in guest memory (<c>IOMMU_HW_QUEUE_ALLOC</c>).</summary>
    /// <param name="viommu">Of which virtual IOMMU.</param>
    /// <param name="type">Its kind; 0 is none.</param>
    /// <param name="index">Which of that kind.</param>
    /// <param name="iova">Where it is, in the nesting parent's address space.</param>
    /// <param name="length">Bytes; all mapped, and in one piece.</param>
    /// <param name="queue">The queue.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for a kind that the hardware does not work; <see cref="Errno.EINVAL"/> for length 0, an index there is not or an object of another
    /// context; <see cref="Errno.EOVERFLOW"/>; <see cref="Errno.ENOENT"/> where nothing is mapped; <see cref="Errno.EFAULT"/> where it lies in pieces; <see cref="Errno.EEXIST"/>
    /// for an index in use; <see cref="Errno.EIO"/> for one out of turn; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno CreateHardwareQueue(VirtualIommu viommu, uint type, uint index, DmaAddress iova, ulong length, out HardwareQueue? queue)
    {
        ArgumentNullException.ThrowIfNull(viommu);
        queue = null;
        if (!ReferenceEquals(viommu.Context, this) || length == 0)
        {
            return Errno.EINVAL;
        }

        if (length > ulong.MaxValue - iova.Value)
        {
            return Errno.EOVERFLOW;
        }

        if (!viommu.TryUse())
        {
            return Errno.ENOENT;
        }

        Errno errno = type == 0 || !viommu.Hardware.HasQueues(type) ? Errno.EOPNOTSUPP : viommu.Reserve(type, index);
        if (errno == Errno.None)
        {
            errno = MakeHardwareQueue(viommu, type, index, iova, length, out queue);
            if (errno != Errno.None)
            {
                viommu.Abandon(type, index);
            }
        }

        if (errno != Errno.None)
        {
            viommu.EndUse();
        }

        return errno;
    }

    private Errno MakeHardwareQueue(VirtualIommu viommu, uint type, uint index, DmaAddress iova, ulong length, out HardwareQueue? queue)
    {
        queue = null;
        Errno errno = TryReserveId(out uint id);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = HardwareMemory.TryHold(viommu.Parent.Ioas, iova, length, out HardwareMemory? memory);
        if (errno == Errno.None)
        {
            HardwareQueueRequest request = new(type, index, iova, memory!.Range);
            IHardwareQueue? hardware = null;
            errno = Passes("hardware queue") ? viommu.Hardware.TryCreateQueue(in request, out hardware) : Errno.ENOMEM;
            HardwareQueue? needed = errno == Errno.None && hardware!.NeedsIndex is { } other ? viommu.UseQueue(type, other) : null;
            if (errno == Errno.None && needed is null && hardware!.NeedsIndex is not null)
            {
                hardware.Dispose();
                errno = Errno.EIO;
            }

            if (errno == Errno.None)
            {
                queue = new(this, id, viommu, in request, hardware!, memory, needed);
                viommu.Fill(queue);
                Publish(queue);
                return Errno.None;
            }

            memory.Dispose();
        }

        AbandonId(id);
        return errno;
    }
}
