// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;

namespace Physr.Hmm.Orders.Tests;

/// <summary>How big a world is.</summary>
internal sealed record WorldOptions
{
    public int RamMebibytes { get; init; } = 2;

    public int Devices { get; init; } = 1;

    public int SwapPages { get; init; }

    public bool IsCharged { get; init; } = true;

    public bool UsesZeroPage { get; init; } = true;

    public bool UsesHugeZeroPage { get; init; }

    public HugePagePolicy HugePages { get; init; } = HugePagePolicy.Never;
}
