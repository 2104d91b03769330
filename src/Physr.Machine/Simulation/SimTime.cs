// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Simulation;

/// <summary>A moment of simulated time, or a span of it, in picoseconds since the machine was switched on. 2^64 ps are 213 days.</summary>
/// <param name="Picoseconds">The count.</param>
public readonly record struct SimTime(ulong Picoseconds) : IComparable<SimTime>
{
    private const ulong PerSecond = 1_000_000_000_000;

    // Below these, 64 bits hold all of ForBytes: 2^24 * 10^12 + 2^60 < 2^64. Every packet is charged on every link, and a 128-bit division costs several times a short one.
    private const ulong NarrowBytes = 1UL << 24;
    private const ulong NarrowRate = 1UL << 60;

    /// <summary>The start of time, or no time.</summary>
    public static SimTime Zero => default;

    /// <summary>The time in seconds.</summary>
    public double Seconds => Picoseconds / (double)PerSecond;

    /// <summary>A span of whole nanoseconds.</summary>
    public static SimTime FromNanoseconds(ulong nanoseconds) => new(checked(nanoseconds * 1000));

    /// <summary>How long <paramref name="bytes"/> take at <paramref name="bytesPerSecond"/>, rounded up.</summary>
    public static SimTime ForBytes(ulong bytes, ulong bytesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bytesPerSecond);
        if (bytes < NarrowBytes && bytesPerSecond < NarrowRate)
        {
            return new(((bytes * PerSecond) + (bytesPerSecond - 1)) / bytesPerSecond);
        }

        UInt128 scaled = ((UInt128)bytes * PerSecond) + (bytesPerSecond - 1);
        return new(checked((ulong)(scaled / bytesPerSecond)));
    }

    /// <summary>The later of two moments.</summary>
    public static SimTime Max(SimTime left, SimTime right) => left.Picoseconds >= right.Picoseconds ? left : right;

    /// <summary>The earlier of two moments.</summary>
    public static SimTime Min(SimTime left, SimTime right) => left.Picoseconds <= right.Picoseconds ? left : right;

    /// <summary>This moment plus a span.</summary>
    public SimTime Add(SimTime span) => new(checked(Picoseconds + span.Picoseconds));

    /// <summary>The span from <paramref name="earlier"/> to this moment.</summary>
    /// <exception cref="OverflowException"><paramref name="earlier"/> is later.</exception>
    public SimTime Since(SimTime earlier) => new(checked(Picoseconds - earlier.Picoseconds));

    /// <inheritdoc/>
    public int CompareTo(SimTime other) => Picoseconds.CompareTo(other.Picoseconds);

    /// <summary>The time in microseconds.</summary>
    public override string ToString() => $"{Picoseconds / 1e6:0.###} us";
}
