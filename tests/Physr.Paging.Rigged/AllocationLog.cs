// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Physr.Paging.Engine;

namespace Physr.Paging.Rigged;

/// <summary>Writes down, every so many faults, what the pager has allocated since it began: a line with the faults, the bytes, and the collections.</summary>
internal sealed class AllocationLog : IPagerSteps
{
    /// <summary>The variable with the file to write to.</summary>
    public const string Variable = "PHYSR_RIG_ALLOCATIONS";

    /// <summary>Faults between two lines.</summary>
    public const int Every = 1000;

    private const int MostLines = 256;

    private readonly string _path;
    private readonly (long Bytes, int Collections)[] _lines = new (long, int)[MostLines];
    private int _faults;

    private AllocationLog(string path)
    {
        _path = path;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Write();
    }

    /// <summary>What the environment asks for; null: nothing.</summary>
    public static AllocationLog? FromEnvironment() => Environment.GetEnvironmentVariable(Variable) is { } path ? new(path) : null;

    /// <inheritdoc/>
    public void At(PagerStep step, ulong page)
    {
        if (step == PagerStep.FaultRead && Interlocked.Increment(ref _faults) is int count && count % Every == 0 && count / Every <= MostLines)
        {
            _lines[(count / Every) - 1] = (GC.GetTotalAllocatedBytes(precise: true), GC.CollectionCount(0));
        }
    }

    private void Write()
    {
        // A standby has served nothing, and has nothing to say.
        if (_faults >= Every)
        {
            File.WriteAllLines(_path, _lines.Take(_faults / Every).Select(static (line, index) => string.Create(CultureInfo.InvariantCulture, $"{(index + 1) * Every} {line.Bytes} {line.Collections}")));
        }
    }
}
