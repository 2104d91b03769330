// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>
/// A VMA as <c>/proc/PID/smaps</c> shows it, laid out as the agent's <c>struct vma</c>. <see cref="Offset"/> is in bytes, 0 for private anonymous memory. <see cref="Backing"/>: 0 and 1 are the files,
/// <see cref="Anonymous"/> is private anonymous memory, other numbers are shared anonymous objects, equal for the same object; the comparison renumbers those.
/// </summary>
internal struct VmaObservation
{
    public const byte Anonymous = 255;

    private SmapsFields _fields;

    public ulong Start { get; set; }

    public ulong End { get; set; }

    public ulong Offset { get; set; }

    public VmaPermissions Permissions { get; set; }

    public byte Backing { get; set; }

    public VmFlags Flags { get; set; }

    /// <summary>A field, in kB.</summary>
    public uint this[SmapsField field]
    {
        readonly get => _fields[(int)field];
        set => _fields[(int)field] = value;
    }

    public readonly int FirstPage => (int)((Start - Arena.Start) / Arena.PageSize);

    public readonly int EndPage => (int)((End - Arena.Start) / Arena.PageSize);

    /// <summary>The line without the fields.</summary>
    public override readonly string ToString()
    {
        string rights = string.Concat((ReadOnlySpan<string?>)[Right(VmaPermissions.Read, "r"), Right(VmaPermissions.Write, "w"), Right(VmaPermissions.Execute, "x"), Permissions.HasFlag(VmaPermissions.Shared) ? "s" : "p"]);
        string backing = Backing == Anonymous ? "anonymous" : Backing < 2 ? $"file {Backing} at page {Offset / Arena.PageSize}" : $"shared anonymous {Backing} at page {Offset / Arena.PageSize}";
        return $"[{FirstPage}..{EndPage}) {rights} {backing} ({Flags.ToString().Replace(",", null)})";
    }

    private readonly string Right(VmaPermissions right, string letter) => Permissions.HasFlag(right) ? letter : "-";
}
