// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage;

/// <summary>What carries out bios: a RAM disk, a namespace of persistent memory, an NVMe namespace, a file, an array of others.</summary>
/// <remarks><see cref="Submit"/> checks and splits a bio by <see cref="Limits"/>; the device sees parts that fit. A device may complete at once or later; <see cref="Poll"/> moves it on.
/// One submitter at a time.</remarks>
public abstract partial class BlockDevice : IDisposable
{
    /// <summary>Describes a device.</summary>
    /// <param name="name">As <c>/dev</c> names it.</param>
    /// <param name="sectors">Its size in sectors of 512 bytes.</param>
    /// <param name="limits">What it takes as one request.</param>
    protected BlockDevice(string name, ulong sectors, BlockQueueLimits limits)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(limits);
        Name = name;
        Sectors = sectors;
        Limits = limits;
    }

    /// <summary>The name in messages.</summary>
    public string Name { get; }

    /// <summary>Its size in sectors of 512 bytes.</summary>
    public ulong Sectors { get; }

    /// <summary>What it takes as one request.</summary>
    public BlockQueueLimits Limits { get; }

    /// <summary>Whether writes are refused.</summary>
    public virtual bool IsReadOnly => false;

    /// <summary>The same bytes as memory, where they are memory; null elsewhere.</summary>
    public virtual IDaxDevice? Dax => null;

    /// <summary>Starts a request. It ends here or later; its status says how, also where the request itself is wrong.</summary>
    public void Submit(Bio bio)
    {
        ArgumentNullException.ThrowIfNull(bio);
        BlockStatus status = Check(bio);
        if (status != BlockStatus.Ok || (bio.Bytes == 0 && bio.Operation != BioOperation.Flush))
        {
            bio.Complete(status);
            return;
        }

        Divide(bio);
    }

    /// <summary>Moves requests on that were started, and starts those again that are to be tried once more.</summary>
    /// <returns>Whether anything moved; false where nothing is under way or nothing can move by itself.</returns>
    public bool Poll() => PollCore() | StartAgain();

    /// <summary>Submits a request and waits for its end.</summary>
    /// <exception cref="PhysrException">The device neither moves nor completes: it lost the request.</exception>
    public BlockStatus Execute(Bio bio)
    {
        Submit(bio);
        while (!bio.IsCompleted)
        {
            if (!Poll() && !bio.IsCompleted)
            {
                throw new PhysrException("wait for bio", $"{Name}: {bio}", Errno.EIO, "the device stopped moving before it completed");
            }
        }

        return bio.Status;
    }

    /// <summary>Lets go of the device.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The name and the size.</summary>
    public override string ToString() => $"{Name} ({Sectors} sectors)";

    /// <summary>Carries out a request that fits <see cref="Limits"/>: completes it now or later, exactly once.</summary>
    protected abstract void Start(Bio bio);

    /// <summary>Moves requests on that were started.</summary>
    /// <returns>Whether anything moved.</returns>
    protected virtual bool PollCore() => false;

    /// <summary>Lets go of the device.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    private BlockStatus Check(Bio bio)
    {
        ulong mask = Limits.LogicalBlockBytes - 1;
        if (((bio.Bytes | (bio.Sector << Bio.SectorShift)) & mask) != 0)
        {
            return BlockStatus.Invalid;
        }

        if (bio.Sector > Sectors || bio.Sectors > Sectors - bio.Sector)
        {
            return BlockStatus.IoError;
        }

        if (IsReadOnly && bio.Operation is BioOperation.Write or BioOperation.Discard or BioOperation.WriteZeroes)
        {
            return BlockStatus.Protection;
        }

        return bio.Operation == BioOperation.Discard && Limits.MaxDiscardSectors == 0 ? BlockStatus.NotSupported : BlockStatus.Ok;
    }
}
