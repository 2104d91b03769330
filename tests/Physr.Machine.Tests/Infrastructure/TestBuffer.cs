// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;

namespace Physr.Machine.Tests.Infrastructure;

/// <summary>Host memory of a test.</summary>
internal sealed class TestBuffer(IDeviceBuffer buffer) : IDisposable
{
    public ulong Address => buffer.Address.Value;

    public Span<byte> Bytes => buffer.Bytes;

    public DmaRangeList List()
    {
        DmaRangeListBuilder builder = new();
        builder.Append(new(buffer.Address, (ulong)buffer.Bytes.Length));
        return builder.Build();
    }

    public void Dispose() => buffer.Dispose();
}
