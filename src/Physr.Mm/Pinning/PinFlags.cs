// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>How pages are held past the page tables (<c>FOLL_*</c>).</summary>
[Flags]
public enum PinFlags
{
    /// <summary>To read, for the time of one transfer.</summary>
    None = 0,

    /// <summary>To write too (<c>FOLL_WRITE</c>).</summary>
    Write = 1,

    /// <summary>For as long as somebody likes: pages that their owner wants back move to RAM first, and those that cannot are refused (<c>FOLL_LONGTERM</c>, rows R28, R29).</summary>
    LongTerm = 2,

    /// <summary>Memory of PCI devices is welcome (<c>FOLL_PCI_P2PDMA</c>, row R58).</summary>
    PciP2P = 4,

    /// <summary>A reference only: no promise that a later write of the process reaches the same page (<c>FOLL_GET</c> in place of <c>FOLL_PIN</c>).</summary>
    ReferenceOnly = 8,
}
