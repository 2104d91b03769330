// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Mm;

/// <summary>What is about to change (the kernel's <c>mmu_notifier_range</c>).</summary>
/// <param name="Space">Whose memory.</param>
/// <param name="Range">Which addresses.</param>
/// <param name="Event">Why.</param>
/// <param name="Owner">Who makes the change, for <see cref="NotifierEvent.Migrate"/> and <see cref="NotifierEvent.Exclusive"/>; else null.</param>
/// <param name="MayBlock">Whether the callback may wait; where not, it answers false instead.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NotifierRange(AddressSpace Space, AddressRange<VirtualAddress> Range, NotifierEvent Event, object? Owner, bool MayBlock);
