// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage;

/// <content>Trying again (<c>blk_mq_requeue_request</c>): where the device had no room, took too long or failed without saying that the medium is to blame.</content>
public abstract partial class BlockDevice
{
    private readonly Queue<Bio> _again = new();

    /// <summary>How often requests were tried again.</summary>
    public long Retries { get; private set; }

    /// <summary>Takes a request that failed back to try it again; false where that would not help, or was done often enough.</summary>
    internal bool TryRequeue(Bio bio, BlockStatus status)
    {
        bool mayHelp = status is BlockStatus.Resource or BlockStatus.Timeout or BlockStatus.IoError;
        if (!mayHelp || (bio.Flags & BioFlags.FailFast) != BioFlags.None || bio.Retries >= Limits.Retries)
        {
            return false;
        }

        bio.CountRetry();
        Retries++;
        _again.Enqueue(bio);
        return true;
    }

    private void Begin(Bio bio)
    {
        bio.Device = this;
        Start(bio);
    }

    /// <summary>Starts what waits to be tried again, each once.</summary>
    private bool StartAgain()
    {
        int count = _again.Count;
        for (int i = 0; i < count; i++)
        {
            Start(_again.Dequeue());
        }

        return count != 0;
    }
}
