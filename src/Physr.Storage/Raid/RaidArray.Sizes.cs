// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <content>What an array would take, before there is one.</content>
public sealed partial class RaidArray
{
    /// <summary>Where data would begin on each member of an array, in bytes: what lies before is the array's own.</summary>
    public static ulong DataOffsetOf(RaidLevel level, int members, uint chunkBytes) => RaidLayout.Of(level, members, chunkBytes, StandardSlots).DataOffset;

    private static int StandardSlots { get; } = new RaidOptions { Name = "-", Id = default, Level = RaidLevel.Raid0 }.StripeSlots;
}
