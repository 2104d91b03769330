// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <summary>Magazines that no thread holds, last in first out: the depot of one size (full ones), or the empty ones to be used again. The caller holds the allocator's lock.</summary>
internal sealed class IovaMagazineStack
{
    private IovaMagazine? _top;

    /// <summary>Magazines in it.</summary>
    public int Count { get; private set; }

    public void Push(IovaMagazine magazine)
    {
        magazine.Next = _top;
        _top = magazine;
        Count++;
    }

    public IovaMagazine? Pop()
    {
        IovaMagazine? magazine = _top;
        if (magazine is not null)
        {
            _top = magazine.Next;
            magazine.Next = null;
            Count--;
        }

        return magazine;
    }
}
