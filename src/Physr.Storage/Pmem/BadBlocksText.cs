// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using System.Text;

namespace Physr.Storage.Pmem;

/// <summary>Lost bytes as <c>/sys/block/*/badblocks</c> prints them: a line of the first sector of 512 bytes and a count, ascending.</summary>
public static class BadBlocksText
{
    /// <summary>Prints a list; empty where nothing is lost.</summary>
    public static string Format(MediaErrors errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        StringBuilder text = new();
        foreach ((ulong offset, ulong length) in errors.Ranges())
        {
            text.Append(CultureInfo.InvariantCulture, $"{offset / MediaErrors.BlockBytes} {length / MediaErrors.BlockBytes}\n");
        }

        return text.ToString();
    }

    /// <summary>Reads what <see cref="Format"/> prints.</summary>
    /// <returns>False with the line that is none.</returns>
    public static bool TryParse(string text, out IReadOnlyList<(ulong Sector, ulong Count)> ranges, out string reason)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<(ulong, ulong)> read = [];
        ranges = read;
        reason = "";
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length != 2 || !ulong.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong sector)
                || !ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong count) || count == 0 || sector > ulong.MaxValue / MediaErrors.BlockBytes - count)
            {
                reason = $"'{line}' is no line of bad blocks: a sector and a count are";
                return false;
            }

            read.Add((sector, count));
        }

        return true;
    }
}
