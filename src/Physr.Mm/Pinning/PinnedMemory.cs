// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Pages of a process held for somebody who reads or writes them past its page tables. The bytes and frames stay, whatever the process does, until this is disposed of.</summary>
public sealed class PinnedMemory : IDisposable
{
    private readonly AddressSpace _space;
    private readonly bool _isReference;
    private int _isReleased;

    internal PinnedMemory(AddressSpace space, AddressRange<VirtualAddress> range, RangeList frames, bool isReference)
    {
        _space = space;
        _isReference = isReference;
        Range = range;
        Frames = frames;
    }

    /// <summary>What was asked for, in the process's addresses.</summary>
    public AddressRange<VirtualAddress> Range { get; }

    /// <summary>Where it is: as few ranges as the memory is contiguous, from the first byte's page to the last one's.</summary>
    public RangeList Frames { get; }

    /// <summary>Whether the bytes were, or may have been, written: their pages are then dirty when let go.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Lets go. Once is enough.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            _space.Release(Frames, IsDirty, _isReference);
        }
    }
}
