// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Hmm.Tests;

/// <summary>User space that serves each first touch by a page of one byte.</summary>
internal sealed class FillingHandler(byte value) : IUserFaultHandler
{
    private int _served;

    public int Served => Volatile.Read(ref _served);

    public bool Serve(AddressSpace space, VirtualAddress page, bool isWrite)
    {
        byte[] bytes = new byte[HmmHost.Page];
        bytes.AsSpan().Fill(value);
        Interlocked.Increment(ref _served);
        return space.TryFillPage(page, bytes) is Errno.None or Errno.EEXIST;
    }
}
