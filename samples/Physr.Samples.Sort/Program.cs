// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging;
using Physr.Paging.Stores;
using Physr.Samples.Sort;

const ulong MostPieceBytes = 128UL << 20;

if (!SortOptions.TryRead(args, out SortOptions options, out string problem))
{
    Console.Error.WriteLine(problem);
    return 2;
}

try
{
    using RegionStore store = options.OpenStore();
    bool isSorted = false;
    try
    {
        isSorted = Sort(options, store);
    }
    finally
    {
        if (options.Path is not null && !isSorted)
        {
            File.Delete(options.Path);
        }
    }

    return isSorted ? 0 : 1;
}
catch (Exception failure) when (failure is PhysrException or ArgumentException)
{
    Console.Error.WriteLine(failure.Message);
    return 2;
}

static bool Sort(SortOptions options, RegionStore store)
{
    using DevicePrivateRegion region = DevicePrivateRegion.Create(options.Size, store, options.Resident);
    int piece = (int)(Math.Min(MostPieceBytes, options.Resident / 4) / SortRecord.Bytes);
    Console.WriteLine($"{options.Size / SortRecord.Bytes} records of {SortRecord.Bytes} bytes, {options.Resident >> 10} KiB of {options.Size >> 10} resident, the rest in {options.Store}");
    PhaseReport.WriteHead();

    ulong sum = PhaseReport.Run(region, "fill", () => SortedRecords.Fill(region, options.Seed));
    RegionSort sort = new(region, piece);
    PhaseReport.Run(region, "sort", () =>
    {
        sort.Sort();
        return 0;
    });
    string problem = PhaseReport.Run(region, "verify", () => SortedRecords.Verify(region, options.Seed, sum));
    if (problem.Length != 0)
    {
        Console.WriteLine($"NOT SORTED: {problem}");
        return false;
    }

    Console.WriteLine($"sorted and whole, by {sort.Partitions} partitions and {sort.Pieces} pieces; sum {sum:x16}");
    if (options.Path is not null)
    {
        region.Persist();
        Console.WriteLine($"{options.Path} has the sorted records");
    }

    return true;
}
