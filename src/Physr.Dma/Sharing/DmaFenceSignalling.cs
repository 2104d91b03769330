// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing;

/// <summary>The part of a thread on which a fence's signal depends, until it is disposed (<c>dma_fence_begin_signalling</c>). A reservation lock may not be taken in it:
/// whoever revokes waits for the fence while holding that lock.</summary>
public ref struct DmaFenceSignalling
{
    [ThreadStatic]
    private static int s_depth;

    private bool _isOpen;

    /// <summary>Whether this thread is in such a part.</summary>
    public static bool IsSignalling => s_depth != 0;

    /// <summary>Ends the part; a second call does nothing.</summary>
    public void Dispose()
    {
        if (_isOpen)
        {
            _isOpen = false;
            s_depth--;
        }
    }

    internal static DmaFenceSignalling Begin()
    {
        s_depth++;
        return new() { _isOpen = true };
    }
}
