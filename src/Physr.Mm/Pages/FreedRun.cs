// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Frames of RAM that get free one after the other, given back together.</summary>
internal ref struct FreedRun(PhysicalMemory memory)
{
    private ulong _first;
    private ulong _pages;

    /// <summary>Gives one reference back; a single page of RAM whose last it was waits for its neighbours.</summary>
    public void Put(Page head)
    {
        if (!head.IsRam || head.Order != 0)
        {
            memory.Put(head);
        }
        else if (memory.PutLast(head))
        {
            ulong frame = head.Key.Value;
            if (_pages != 0 && frame == _first + _pages)
            {
                _pages++;
                return;
            }

            Flush();
            _first = frame;
            _pages = 1;
        }
    }

    /// <summary>Gives back what waits.</summary>
    public void Flush()
    {
        if (_pages != 0)
        {
            memory.FreeFrames(new PageFrameNumber(_first), _pages);
            _pages = 0;
        }
    }
}
