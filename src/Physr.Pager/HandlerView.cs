// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pager;

/// <summary>What a handler has seen of a region: whether it is the one to serve it.</summary>
internal struct HandlerView
{
    /// <summary>How often in a row it was woken and found no fault.</summary>
    public int InVain;

    /// <summary>Faults that it served since it looked where the threads are.</summary>
    public int SinceLook;

    /// <summary>How often in a row the thread was on another handler's processor.</summary>
    public int Elsewhere;
}
