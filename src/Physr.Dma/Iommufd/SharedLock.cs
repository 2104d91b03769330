// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>A lock that many may share or one may have alone (the kernel's <c>rw_semaphore</c>). Who waits to have it alone is not overtaken. Not re-entrant.</summary>
internal sealed class SharedLock
{
    private readonly object _turn = new();
    private int _sharers;
    private int _waitingAlone;
    private bool _isAlone;

    /// <summary>Shares it.</summary>
    public void EnterShared()
    {
        lock (_turn)
        {
            while (_isAlone || _waitingAlone != 0)
            {
                Monitor.Wait(_turn);
            }

            _sharers++;
        }
    }

    /// <summary>Shares it no longer.</summary>
    public void ExitShared()
    {
        lock (_turn)
        {
            if (--_sharers == 0)
            {
                Monitor.PulseAll(_turn);
            }
        }
    }

    /// <summary>Takes it alone.</summary>
    public void EnterAlone()
    {
        lock (_turn)
        {
            _waitingAlone++;
            while (_isAlone || _sharers != 0)
            {
                Monitor.Wait(_turn);
            }

            _waitingAlone--;
            _isAlone = true;
        }
    }

    /// <summary>Lets others have it.</summary>
    public void ExitAlone()
    {
        lock (_turn)
        {
            _isAlone = false;
            Monitor.PulseAll(_turn);
        }
    }
}
