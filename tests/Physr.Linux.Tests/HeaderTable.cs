// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Tests;

/// <summary>What one part of the interop is called in C. <see cref="HeaderTests"/> finds the tables by reflection and puts them together.</summary>
internal sealed class HeaderTable
{
    /// <summary>The headers that it needs: <c>sys/mman.h</c>.</summary>
    public string[] Headers { get; init; } = [];

    /// <summary>C that says what these headers may be too old for, between <c>#ifndef</c> and <c>#endif</c>: an ioctl by its formula, a structure by its fields. The kernel is asked at run time.</summary>
    public string Definitions { get; init; } = "";

    /// <summary>Each structure's name in C (<c>flock</c> for <c>struct flock</c>; a name that ends with <c>_t</c> or has a space is taken as it is), and its fields' in the order of the offsets.</summary>
    public Dictionary<Type, (string Name, string[] Fields)> Structures { get; init; } = [];

    /// <summary>Each function's prototype, declared once more: the compiler refuses what differs from the header.</summary>
    public Dictionary<string, string> Prototypes { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Constants that come with a later Linux than these headers may be of, and are compared where they are there.</summary>
    public string[] Late { get; init; } = [];

    /// <summary>Structures of other machines than this one.</summary>
    public Type[] Elsewhere { get; init; } = [];
}
