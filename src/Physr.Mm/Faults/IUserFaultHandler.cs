// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Serves the first touch of pages in user space (<c>userfaultfd</c>, missing mode).</summary>
public interface IUserFaultHandler
{
    /// <summary>Called on the thread that touched, which holds no lock of the process: it fills the page (<see cref="AddressSpace.TryFillPage"/>), or waits until somebody else has.</summary>
    /// <param name="space">The process.</param>
    /// <param name="page">The page's address.</param>
    /// <param name="isWrite">Whether it was to be written.</param>
    /// <returns>True to try the access again; false where the page cannot be had: SIGBUS.</returns>
    bool Serve(AddressSpace space, VirtualAddress page, bool isWrite);
}
