// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>Asked before every allocation that may fail, so that a test can fail the Nth one and look for leaks (row R91).</summary>
public interface IAllocationGate
{
    /// <summary>Whether the allocation may go ahead; false makes it fail with <see cref="Errno.ENOMEM"/>.</summary>
    /// <param name="site">What is being allocated: <c>page descriptors</c>.</param>
    bool TryPass(string site);
}
