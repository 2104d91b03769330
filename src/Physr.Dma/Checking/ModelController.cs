// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Checking;

/// <summary>A thread of the model that revokes, un-revokes and closes, in 14 bits.</summary>
/// <param name="Left">Operations it may still begin.</param>
/// <param name="Frame">The one it is in.</param>
/// <param name="HasGivenUp">Whether it gave up a wait of that.</param>
internal readonly record struct ModelController(int Left, RevocableFrame Frame, bool HasGivenUp)
{
    public const int Bits = 14;

    public bool IsIdle => Frame.Operation == RevocableOperation.None;

    public static ModelController Unpack(ulong bits) =>
        new(
            (int)(bits & 7),
            new((RevocableOperation)(bits >> 3 & 7), (int)(bits >> 6 & 15), (int)(bits >> 10 & 3), (bits >> 12 & 1) != 0),
            (bits >> 13 & 1) != 0);

    public ulong Pack() =>
        (uint)Left | (ulong)(uint)Frame.Operation << 3 | (ulong)(uint)Frame.Index << 6 | (ulong)(uint)Frame.Importer << 10 | (Frame.IsLeaving ? 1UL << 12 : 0) |
        (HasGivenUp ? 1UL << 13 : 0);
}
