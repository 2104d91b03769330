// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>Brings one private page, and its neighbours if the driver likes, back to RAM (the kernel's <c>migrate_to_ram</c>).</summary>
/// <param name="fault">What was touched.</param>
public delegate FaultOutcome MigrateToRamCallback(in DevicePageFault fault);

/// <summary>Told about a page whose last reference went (the kernel's <c>folio_free</c>).</summary>
/// <param name="page">The head page.</param>
public delegate void FolioFreeCallback(DevicePage page);

/// <summary>Told about lost memory (the kernel's <c>memory_failure</c>).</summary>
/// <param name="pagemap">Whose memory.</param>
/// <param name="frame">The first lost frame.</param>
/// <param name="pages">How many frames.</param>
/// <param name="flags">What was going on.</param>
/// <returns><see cref="Errno.None"/> when handled, <see cref="Errno.EOPNOTSUPP"/> for the generic handling, else the failure.</returns>
public delegate Errno MemoryFailureCallback(Pagemap pagemap, PageFrameNumber frame, ulong pages, MemoryFailureFlags flags);

/// <summary>Told about a split of a large private page (the kernel's <c>folio_split</c>).</summary>
/// <param name="head">The head of what was one page.</param>
/// <param name="tail">A page that now stands alone.</param>
public delegate void FolioSplitCallback(DevicePage head, DevicePage tail);
