// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Checking;

/// <summary>How an importer of the model behaves. The values it has by itself keep the rules of <see cref="Sharing.IDmaBufImporter"/>; the others ask what happens where one is broken.</summary>
public sealed record ImporterPolicy
{
    /// <summary>How its device's accesses travel.</summary>
    public DevicePath Path { get; init; }

    /// <summary>Whether it unmaps inside the call that tells it, with a transfer perhaps in flight; else later, on its own thread.</summary>
    public bool UnmapsWhenTold { get; init; }

    /// <summary>Whether it keeps a mapping until it is told; else it unmaps at any time.</summary>
    public bool HoldsUntilTold { get; init; }

    /// <summary>Whether it looks, under the reservation lock, if its mapping still holds before it starts a transfer. Breaking this breaks the promise.</summary>
    public bool LooksBeforeItStarts { get; init; } = true;

    /// <summary>Whether it takes the lock that its callback takes before the reservation lock. Breaks the lock order.</summary>
    public bool LocksItselfFirst { get; init; }

    /// <summary>Whether the end of its transfers needs the reservation lock. Breaks the rule of fences.</summary>
    public bool SignalsUnderReservation { get; init; }
}
