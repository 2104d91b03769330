// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Fabric;

/// <summary>A PCIe link: two directions that do not share bandwidth.</summary>
public sealed class FabricLink
{
    /// <summary>Makes a link that is up.</summary>
    /// <param name="upper">The end nearer to the root complex.</param>
    /// <param name="lower">The other end.</param>
    /// <param name="generation">PCIe generation, 1 to 6.</param>
    /// <param name="lanes">Lanes.</param>
    public FabricLink(string upper, string lower, int generation, int lanes)
    {
        ulong rate = LinkRate.BytesPerSecond(generation, lanes);
        Up = new(lower, upper, rate);
        Down = new(upper, lower, rate);
        Generation = generation;
        Lanes = lanes;
    }

    /// <summary>Towards the root complex.</summary>
    public ByteMeter Up { get; }

    /// <summary>Away from the root complex.</summary>
    public ByteMeter Down { get; }

    /// <summary>PCIe generation.</summary>
    public int Generation { get; }

    /// <summary>Lanes.</summary>
    public int Lanes { get; }

    /// <summary>Whether the link carries anything.</summary>
    public bool IsUp { get; set; } = true;
}
