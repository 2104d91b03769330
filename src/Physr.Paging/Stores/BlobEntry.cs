// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>What a compressed store's index knows of one page, in 8 bytes that change in one store instruction. All zeros is a page of zeros.</summary>
/// <remarks>Bits 0 to 35: where the blob is, in units of <see cref="BlobSpace.GranuleBytes"/>; 36 to 41: how many units it has, less one; 42 and 43: <see cref="BlobKind"/>; 44 to 63: a checksum of the page's number, of the
/// bits below, and of the blob's bytes. Whoever reads one has to check it: the client can write to it.</remarks>
internal readonly record struct BlobEntry(ulong Value)
{
    /// <summary>Units that an entry can point at: 4 TiB.</summary>
    public const ulong MostGranules = 1ul << 36;

    private const int CountShift = 36;
    private const int KindShift = 42;
    private const int CheckShift = 44;
    private const uint CheckMask = 0xf_ffff;

    /// <summary>A page whose bytes are gone: a blob that was found damaged when the store was taken over.</summary>
    public static BlobEntry Lost => new((ulong)BlobKind.Lost << KindShift);

    /// <summary>A page of zeros, also one that was never written.</summary>
    public bool IsZero => Value == 0;

    /// <summary>What the blob is.</summary>
    public BlobKind Kind => (BlobKind)((Value >> KindShift) & 3);

    /// <summary>The first unit.</summary>
    public long Granule => (long)(Value & (MostGranules - 1));

    /// <summary>How many units, 1 to 64.</summary>
    public int Count => (int)((Value >> CountShift) & 63) + 1;

    /// <summary>Makes an entry without its checksum.</summary>
    public static BlobEntry Of(BlobKind kind, long granule, int count) => new((ulong)granule | ((ulong)(count - 1) << CountShift) | ((ulong)kind << KindShift));

    /// <summary>Whether it has a blob that lies within so many units.</summary>
    public bool PointsInto(long granules) =>
        Granule <= granules - Count && (Kind == BlobKind.Raw ? Count == BlobSpace.GranulesPerPage : Kind == BlobKind.Compressed && Count < BlobSpace.GranulesPerPage);

    /// <summary>The entry with the checksum that it has for a page and a blob's bytes.</summary>
    public BlobEntry For(ulong page, ReadOnlySpan<byte> blob)
    {
        ulong body = Value & ((1ul << CheckShift) - 1);
        uint check = BlobChecksum.Of(page, body, blob);
        return new(body | ((ulong)((check ^ (check >> 12)) & CheckMask) << CheckShift));
    }
}
