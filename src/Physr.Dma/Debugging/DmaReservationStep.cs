// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>The steps of two-step mapping.</summary>
public enum DmaReservationStep
{
    /// <summary>Addresses were reserved.</summary>
    Reserve,

    /// <summary>A range was linked.</summary>
    Link,

    /// <summary>Linked bytes were made usable.</summary>
    Sync,

    /// <summary>A part was taken out.</summary>
    Unlink,

    /// <summary>All is about to be taken out, and the addresses with it. What the mapper said of it comes as <see cref="End"/>.</summary>
    Destroy,

    /// <summary>The addresses are about to be given back with nothing linked.</summary>
    Free,

    /// <summary>A destroy or free went through, or was refused and everything stays.</summary>
    End,
}
