// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.PageTables;

/// <summary>A format that lets a test step in at the points where the engine has looked and not yet acted: what another thread does once in a million runs happens each time.</summary>
/// <typeparam name="TFormat">The format it is otherwise.</typeparam>
internal readonly struct InterruptedFormat<TFormat> : IIoPageTableFormat
    where TFormat : struct, IIoPageTableFormat
{
    public static int FewestLevels => TFormat.FewestLevels;

    public static int UsualLevels => TFormat.UsualLevels;

    public static int MostLevels => TFormat.MostLevels;

    public static ulong PageSizes => TFormat.PageSizes;

    public static bool HasContiguous => TFormat.HasContiguous;

    public static bool AlwaysMarks => TFormat.AlwaysMarks;

    public static bool MarksTables => TFormat.MarksTables;

    public static ulong Present => TFormat.Present;

    public static ulong Readable => TFormat.Readable;

    public static ulong Writable => TFormat.Writable;

    public static ulong Accessed => TFormat.Accessed;

    public static ulong Dirty
    {
        get
        {
            Interruption.At(nameof(Dirty));
            return TFormat.Dirty;
        }
    }

    public static int SoftwareBits => TFormat.SoftwareBits;

    public static ulong SoftwareBit(int number) => TFormat.SoftwareBit(number);

    public static int AddressBits(int levels) => TFormat.AddressBits(levels);

    public static ulong Table(ulong address, int level)
    {
        Interruption.At(nameof(Table));
        return TFormat.Table(address, level);
    }

    public static bool IsTable(ulong entry)
    {
        Interruption.At(nameof(IsTable));
        return TFormat.IsTable(entry);
    }

    public static ulong Leaf(ulong physical, int level, int shift, ulong attributes) => TFormat.Leaf(physical, level, shift, attributes);

    public static int LeafShift(ulong entry, int level) => TFormat.LeafShift(entry, level);

    public static ulong Physical(ulong entry, int level) => TFormat.Physical(entry, level);

    public static ulong Attributes(IommuAccess access, bool tracksDirty) => TFormat.Attributes(access, tracksDirty);

    public static IommuAccess Access(ulong entry) => TFormat.Access(entry);
}
