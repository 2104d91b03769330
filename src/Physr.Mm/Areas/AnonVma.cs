// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>What areas share whose own pages may be each other's: merging asks whether it is the same, and the way back from a page to its entries goes over the
/// <see cref="Family"/> (the kernel's <c>anon_vma</c> and its root).</summary>
internal sealed class AnonVma(ReverseMapping family)
{
    /// <summary>The family of all areas that descend from one by forks.</summary>
    public ReverseMapping Family { get; } = family;
}
