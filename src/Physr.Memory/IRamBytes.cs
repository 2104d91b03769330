// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>Where the bytes of RAM are.</summary>
public interface IRamBytes
{
    /// <summary>The bytes of one aligned 2 MiB block. They do not move and stay until the owner of the RAM lets go of them; asked once for each block.</summary>
    /// <param name="address">A multiple of 2 MiB.</param>
    Span<byte> BlockAt(PhysicalAddress address);
}
