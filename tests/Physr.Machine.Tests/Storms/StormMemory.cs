// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Tests.Storms;

/// <summary>A piece of memory of the machine and what every byte of it should be: RAM, or the start of a device's BAR.</summary>
internal sealed class StormMemory
{
    public delegate void Reader(ulong offset, Span<byte> destination);

    public delegate void Writer(ulong offset, ReadOnlySpan<byte> source);

    private readonly Reader _read;
    private readonly Writer _write;

    public StormMemory(string name, PhysicalRange range, ProviderIndex provider, int owner, Reader read, Writer write, SeededRandom random)
    {
        Name = name;
        Range = range;
        Provider = provider;
        Owner = owner;
        _read = read;
        _write = write;
        Expected = new byte[range.Length];
        random.Fill(Expected);
        write(0, Expected);
    }

    public string Name { get; }

    public PhysicalRange Range { get; }

    public ProviderIndex Provider { get; }

    /// <summary>Whose BAR it is; -1 for RAM.</summary>
    public int Owner { get; }

    /// <summary>What every byte should be.</summary>
    public byte[] Expected { get; }

    /// <summary>Writes as the CPU, and expects it.</summary>
    public void Write(ulong offset, ReadOnlySpan<byte> source)
    {
        source.CopyTo(Expected.AsSpan((int)offset));
        _write(offset, source);
    }

    /// <summary>Where the bytes differ from what they should be; -1 for nowhere.</summary>
    public int FindDifference()
    {
        byte[] actual = new byte[Range.Length];
        _read(0, actual);
        return actual.AsSpan().SequenceEqual(Expected) ? -1 : actual.AsSpan().CommonPrefixLength(Expected);
    }
}
