// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Hmm;

/// <content>Which pages are free, and the order in which the others were taken; below the lock.</content>
public sealed partial class DevicePagePool
{
    private int FindSingle()
    {
        int blocks = _freeInBlock.Length;
        int whole = None;
        for (int i = 0; i < blocks; i++)
        {
            int block = (_brokenHint + i) % blocks;
            if (_freeInBlock[block] is > 0 and < PagesPerBlock)
            {
                _brokenHint = block;
                return FirstIn(block);
            }

            whole = whole == None && _freeInBlock[block] != 0 ? block : whole;
        }

        _brokenHint = whole == None ? 0 : whole;
        return whole == None ? None : FirstIn(whole);
    }

    private int FindWhole()
    {
        int blocks = _freeInBlock.Length;
        for (int i = 0; i < blocks; i++)
        {
            int block = (_wholeHint + i) % blocks;
            if (_freeInBlock[block] == PagesPerBlock)
            {
                _wholeHint = block;
                return block * PagesPerBlock;
            }
        }

        return None;
    }

    private int FirstIn(int block)
    {
        int word = block * WordsPerBlock;
        while (_free[word] == 0)
        {
            word++;
        }

        return (word << 6) + BitOperations.TrailingZeroCount(_free[word]);
    }

    private void Mark(int index, int pages, bool free)
    {
        if (pages == 1)
        {
            _free[index >> 6] ^= 1UL << (index & 63);
        }
        else
        {
            Array.Fill(_free, free ? ulong.MaxValue : 0, index >> 6, pages >> 6);
        }

        _freeInBlock[index / PagesPerBlock] += (short)(free ? pages : -pages);
        Volatile.Write(ref _freePages, _freePages + (free ? pages : -pages));
    }

    private void Append(int index)
    {
        _newer[index] = None;
        _older[index] = _newest;
        if (_newest == None)
        {
            _oldest = index;
        }
        else
        {
            _newer[_newest] = index;
        }

        _newest = index;
    }

    private void Unlink(int index)
    {
        if (_older[index] == None)
        {
            _oldest = _newer[index];
        }
        else
        {
            _newer[_older[index]] = _newer[index];
        }

        if (_newer[index] == None)
        {
            _newest = _older[index];
        }
        else
        {
            _older[_newer[index]] = _older[index];
        }
    }
}
