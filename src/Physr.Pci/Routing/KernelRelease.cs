// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using System.Runtime.InteropServices;

namespace Physr.Pci.Routing;

/// <summary>A release of Linux, as far as rules depend on it: <c>6.12</c>.</summary>
/// <param name="Major">The first number.</param>
/// <param name="Minor">The second number.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct KernelRelease(int Major, int Minor) : IComparable<KernelRelease>
{
    /// <summary>The oldest release whose rules are known exactly; older ones are judged by it.</summary>
    public static KernelRelease Oldest { get; } = new(6, 12);

    /// <summary>The newest release whose rules are known; newer ones are judged by it.</summary>
    public static KernelRelease Newest { get; } = new(7, 3);

    /// <summary>Reads the numbers that <c>uname -r</c> starts with: <c>6.12</c>, <c>6.12.117-p2p</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out KernelRelease release)
    {
        release = default;
        int dot = text.IndexOf('.');
        if (dot <= 0)
        {
            return false;
        }

        ReadOnlySpan<char> rest = text[(dot + 1)..];
        int end = rest.IndexOfAnyExceptInRange('0', '9');
        ReadOnlySpan<char> minor = end < 0 ? rest : rest[..end];
        bool ends = end < 0 || rest[end] is '.' or '-' or '+' or ' ' or '\n';
        if (!ends || !int.TryParse(text[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            || !int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return false;
        }

        release = new(major, number);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(KernelRelease other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    /// <summary>The release as <c>6.12</c>.</summary>
    public override string ToString() => $"{Major}.{Minor}";
}
