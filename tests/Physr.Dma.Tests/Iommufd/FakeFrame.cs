// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tests.Iommufd;

/// <summary>A physical page: who maps it, who pins it, and its bytes once somebody looked.</summary>
internal sealed class FakeFrame(ulong number)
{
    private byte[]? _bytes;

    public ulong Number { get; } = number;

    public int Pins { get; set; }

    public int Maps { get; set; }

    public byte[] Bytes => _bytes ??= new byte[PageSize.Size4K];

    public void CopyFrom(FakeFrame other)
    {
        if (other._bytes is not null)
        {
            other._bytes.CopyTo(Bytes, 0);
        }
    }
}
