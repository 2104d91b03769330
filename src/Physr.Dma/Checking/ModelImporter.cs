// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Checking;

/// <summary>An importer of the model and its device, in 16 bits.</summary>
internal record struct ModelImporter
{
    public const int Bits = 16;

    /// <summary>What it is at.</summary>
    public ModelPlace Place { get; set; }

    /// <summary>How many times it may still map.</summary>
    public int Rounds { get; set; }

    /// <summary>Where its map or unmap has got to.</summary>
    public RevocableFrame Frame { get; set; }

    /// <summary>Whether its translation is there.</summary>
    public bool IsLive { get; set; }

    /// <summary>Whether an IOMMU may remember a translation that was taken away.</summary>
    public bool IsStale { get; set; }

    /// <summary>Whether it was told to give up what it has.</summary>
    public bool IsTold { get; set; }

    /// <summary>Whether a transfer of its device is in flight.</summary>
    public bool IsBusy { get; set; }

    /// <summary>Whether it has started its one transfer of this mapping.</summary>
    public bool HasTransferred { get; set; }

    /// <summary>Whether its thread holds the lock that its callback takes.</summary>
    public bool HoldsOwnLock { get; set; }

    public static ModelImporter Unpack(ulong bits)
    {
        ModelPlace place = (ModelPlace)(bits & 7);
        RevocableOperation operation = place switch
        {
            ModelPlace.Mapping => RevocableOperation.Map,
            ModelPlace.Unmapping => RevocableOperation.Unmap,
            _ => RevocableOperation.None,
        };
        return new()
        {
            Place = place,
            Rounds = (int)(bits >> 3 & 3),
            Frame = new(operation, (int)(bits >> 5 & 7), 0, (bits >> 8 & 1) != 0),
            IsLive = (bits >> 9 & 1) != 0,
            IsStale = (bits >> 10 & 1) != 0,
            IsTold = (bits >> 11 & 1) != 0,
            IsBusy = (bits >> 12 & 1) != 0,
            HasTransferred = (bits >> 13 & 1) != 0,
            HoldsOwnLock = (bits >> 14 & 1) != 0,
        };
    }

    public readonly ulong Pack() =>
        (uint)Place | (ulong)(uint)Rounds << 3 | (ulong)(uint)Frame.Index << 5 | Bit(Frame.IsLeaving, 8) | Bit(IsLive, 9) | Bit(IsStale, 10) | Bit(IsTold, 11) |
        Bit(IsBusy, 12) | Bit(HasTransferred, 13) | Bit(HoldsOwnLock, 14);

    private static ulong Bit(bool value, int at) => value ? 1UL << at : 0;
}
