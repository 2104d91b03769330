// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Memory;

/// <summary>Device-private memory by where it lies in its pagemap, however it was named: by an offset of <see cref="DevicePrivateSpace"/>, or by a made-up physical range.</summary>
/// <param name="Pagemap">Whose memory it is.</param>
/// <param name="Offset">Bytes from the pagemap's first one, its ranges taken one after the other.</param>
/// <param name="Length">How many bytes.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PrivateRange(Pagemap Pagemap, ulong Offset, ulong Length)
{
    /// <summary>The pagemap and the bytes.</summary>
    public override string ToString() => $"{Pagemap} +0x{Offset:x} ({Length} bytes)";
}
