// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Broker;

/// <summary>What a driver published of one pagemap's private memory; immutable, so that a resolution sees one state of it.</summary>
/// <param name="Apertures">Windows in its BARs.</param>
/// <param name="Links">Interconnects.</param>
internal sealed record PublishedMemory(PrivateAperture[] Apertures, PrivateLink[] Links)
{
    public static PublishedMemory Nothing { get; } = new([], []);

    /// <summary>How far an answer for a byte holds: to where the next window or link begins or ends.</summary>
    public ulong UniformAfter(ulong offset, ulong length)
    {
        ulong end = offset + length;
        foreach (PrivateAperture aperture in Apertures)
        {
            end = Cut(end, offset, aperture.Offset);
            end = Cut(end, offset, aperture.Offset + aperture.Window.Range.Length);
        }

        foreach (PrivateLink link in Links)
        {
            end = Cut(end, offset, link.Length);
        }

        return end - offset;
    }

    private static ulong Cut(ulong end, ulong offset, ulong bound) => bound > offset ? Math.Min(end, bound) : end;
}
