// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Physr.Paging.Stores;

namespace Physr.Samples.Sort;

/// <summary>What the program was asked.</summary>
internal sealed record SortOptions
{
    private const ulong Page = 4096;
    private const string FilePrefix = "file:";

    /// <summary>Bytes of records.</summary>
    public ulong Size { get; private init; } = 4UL << 30;

    /// <summary>Bytes of them that may be in RAM at once.</summary>
    public ulong Resident { get; private init; } = 512UL << 20;

    /// <summary>Where they live otherwise.</summary>
    public string Store { get; private init; } = "memory";

    /// <summary>What they follow from.</summary>
    public ulong Seed { get; private init; } = 1;

    /// <summary>The file that has them; null where none does.</summary>
    public string? Path => Store.StartsWith(FilePrefix, StringComparison.Ordinal) ? Store[FilePrefix.Length..] : null;

    /// <summary>Reads a command line.</summary>
    public static bool TryRead(string[] args, out SortOptions options, out string problem)
    {
        options = new();
        problem = "";
        for (int index = 0; index < args.Length; index += 2)
        {
            string value = index + 1 < args.Length ? args[index + 1] : "";
            ulong number = 0;
            (SortOptions? read, problem) = args[index] switch
            {
                "--size" => (TryReadSize(value, out number) ? options with { Size = number } : null, $"--size '{value}' is no size; give whole pages of 4KiB, as 4GiB"),
                "--resident" => (TryReadSize(value, out number) ? options with { Resident = number } : null, $"--resident '{value}' is no size; give whole pages of 4KiB, as 512MiB"),
                "--store" => (options with { Store = value }, ""),
                "--seed" => (ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out number) ? options with { Seed = number } : null, $"--seed '{value}' is no seed; give a whole number"),
                _ => (null, $"'{args[index]}' is no option; [--size 4GiB] [--resident 512MiB] [--store memory|file:PATH|lz4|zstd] [--seed N] are"),
            };
            if (read is null)
            {
                return false;
            }

            options = read;
        }

        problem =
            options.Size / SortRecord.Bytes > int.MaxValue ? "--size: one span has 2147483647 records at the most, less than 32GiB"
            : options.Resident < 16 * Page ? "--resident: 64KiB at the least, so that pieces that are sorted at once fit"
            : options.Path is null && options.Store is not ("memory" or "lz4" or "zstd") ? $"--store '{options.Store}' is none of memory, file:PATH, lz4, zstd"
            : options.Path is { Length: 0 } || Exists(options.Path) ? $"--store '{options.Store}': name a file that is not there yet"
            : "";
        return problem.Length == 0;
    }

    /// <summary>Opens the store.</summary>
    public RegionStore OpenStore() => Store switch
    {
        "memory" => RegionStore.Memory(Size),
        "lz4" => RegionStore.Lz4(Size),
        "zstd" => RegionStore.Zstd(Size),
        _ => RegionStore.File(Path!, Size, create: true),
    };

    private static bool Exists(string? path) => path is not null && System.IO.Path.Exists(path);

    private static bool TryReadSize(string text, out ulong bytes)
    {
        int shift = 0;
        foreach ((string unit, int bits) in (ReadOnlySpan<(string, int)>)[("KiB", 10), ("MiB", 20), ("GiB", 30)])
        {
            if (text.EndsWith(unit, StringComparison.Ordinal))
            {
                (text, shift) = (text[..^unit.Length], bits);
            }
        }

        bool isNumber = ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bytes) && bytes <= ulong.MaxValue >> shift;
        bytes <<= shift;
        return isNumber && bytes != 0 && bytes % Page == 0;
    }
}
