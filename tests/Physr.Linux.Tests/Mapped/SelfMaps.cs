// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;

namespace Physr.Linux.Tests.Mapped;

/// <summary>What the kernel has mapped in this process.</summary>
internal sealed record SelfMaps(nint Start, nint End, string Protection)
{
    /// <summary>Flags, as <c>dc</c> for what a fork does not copy and <c>dd</c> for what a dump leaves out.</summary>
    public string[] Flags => Field("VmFlags").Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The mapping that an address lies in; null: none.</summary>
    public static SelfMaps? At(nint address) => File.ReadLines("/proc/self/maps").Select(Parse).FirstOrDefault(map => map!.Start <= address && address < map.End);

    /// <summary>How many mappings have a name that ends so.</summary>
    public static int Count(string name) => File.ReadLines("/proc/self/maps").Count(line => line.EndsWith(name, StringComparison.Ordinal));

    /// <summary>How many descriptors are of a file whose name has this in it.</summary>
    public static int Descriptors(string name) => Directory.EnumerateFiles("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget?.Contains(name, StringComparison.Ordinal) == true);

    /// <summary>A field in bytes.</summary>
    public nuint Bytes(string field) => nuint.Parse(Field(field).Split(' ')[0], CultureInfo.InvariantCulture) * 1024;

    /// <summary>A field as it is written.</summary>
    public string Field(string name) => File.ReadLines("/proc/self/smaps").SkipWhile(line => !line.StartsWith($"{Start:x8}-", StringComparison.Ordinal))
        .First(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..].Trim();

    private static SelfMaps Parse(string line)
    {
        string[] words = line.Split(' ', 3);
        string[] range = words[0].Split('-');
        return new(nint.Parse(range[0], NumberStyles.HexNumber), nint.Parse(range[1], NumberStyles.HexNumber), words[1]);
    }
}
