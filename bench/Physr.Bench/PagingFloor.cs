// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;

namespace Physr.Bench;

/// <summary>The rivals in C of live device-private memory: <c>native/fault_*.c</c>, programs that are run once for each round.</summary>
internal sealed class PagingFloor : IDisposable
{
    private static readonly string[] s_names = ["fault_floor", "fault_moves", "fault_lost", "fault_reads"];
    private readonly NativeBaseline[] _programs;
    private int _seed;

    private PagingFloor(NativeBaseline[] programs) => _programs = programs;

    /// <summary>Compiles them.</summary>
    /// <returns>Null: <paramref name="why"/> says why not.</returns>
    public static PagingFloor? TryCompile(out string why)
    {
        why = "";
        NativeBaseline[] programs = new NativeBaseline[s_names.Length];
        for (int index = 0; index < programs.Length && why.Length == 0; index++)
        {
            programs[index] = NativeBaseline.TryCompile(s_names[index], asProgram: true, out why)!;
        }

        PagingFloor floor = new(programs);
        if (why.Length == 0)
        {
            return floor;
        }

        floor.Dispose();
        return null;
    }

    /// <summary>Reads each page of memory that is not there, once: nanoseconds of half and of 99 % of them (<c>p50</c>, <c>p99</c>), and the longest (<c>max</c>).</summary>
    /// <param name="placement">Where handlers run: same, other, free, queue or shared.</param>
    /// <param name="threads">How many threads fault.</param>
    /// <param name="pages">Of each.</param>
    /// <param name="touches">Timed ones of each.</param>
    public Dictionary<string, double> Read(string placement, int threads, int pages, int touches) =>
        _programs[0].Run("read", placement, "inline", Text(threads), Text(pages), Text(pages), Text(touches), Text(++_seed));

    /// <summary>Writes to random pages of memory of which only a part may be there.</summary>
    /// <param name="placement">Where handlers run: same, other, free or queue.</param>
    /// <param name="room">Who makes room: inline or ahead.</param>
    /// <param name="pages">How many there are.</param>
    /// <param name="budget">How many may be there.</param>
    /// <param name="touches">Timed writes.</param>
    /// <returns>Nanoseconds for each write.</returns>
    public double Write(string placement, string room, int pages, int budget, int touches) =>
        1e9 / _programs[0].Run("write", placement, room, "1", Text(pages), Text(budget), Text(touches), Text(++_seed))["rate"];

    /// <summary>Bytes per nanosecond of the kernel's calls for pages.</summary>
    public Dictionary<string, double> Fill() => _programs[1].Run("fill");

    /// <summary>Nanoseconds per page of the kernel's ways to find out what was written to.</summary>
    public Dictionary<string, double> Dirty() => _programs[1].Run("dirty");

    /// <summary>Evictions beside a writer, and writes that were lost.</summary>
    /// <param name="isAsync">Whether a page's write-protection lets writers through and says so later.</param>
    /// <param name="milliseconds">How long.</param>
    /// <param name="pause">Microseconds that pass between the last look at a page and its removal.</param>
    public Dictionary<string, double> Lost(bool isAsync, int milliseconds, int pause) => _programs[2].Run(isAsync ? "async" : "sync", Text(milliseconds), Text(pause));

    /// <summary>Random reads of a file past the page cache, so many at once: nanoseconds for each.</summary>
    /// <param name="how">reads: through io_uring alone; faults: by touch of memory that another process serves.</param>
    /// <param name="path">The file.</param>
    /// <param name="pages">Its pages.</param>
    /// <param name="depth">How many at once.</param>
    /// <param name="reads">In all.</param>
    public double ReadFile(string how, string path, int pages, int depth, int reads) => 1e9 / _programs[3].Run(how, path, Text(pages), Text(depth), Text(reads), Text(++_seed))["rate"];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBaseline? program in _programs)
        {
            program?.Dispose();
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
