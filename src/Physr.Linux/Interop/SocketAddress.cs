// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using System.Text;

namespace Physr.Linux.Interop;

/// <summary>The path of a socket (<c>struct sockaddr_un</c>).</summary>
[StructLayout(LayoutKind.Explicit, Size = 110)]
internal unsafe struct SocketAddress
{
    /// <summary>The longest path, in bytes: a zero byte ends it.</summary>
    public const int MaximumPath = PathBytes - 1;

    private const int PathBytes = 108;

    /// <summary><c>sun_family</c>.</summary>
    [FieldOffset(0)]
    public ushort Family;

    /// <summary><c>sun_path</c>.</summary>
    [FieldOffset(2)]
    public fixed byte Path[PathBytes];

    /// <summary>The address of a path; false where it is too long or has a zero character.</summary>
    public static bool TryMake(string path, out SocketAddress address)
    {
        address = new() { Family = (ushort)SocketFamily.AF_UNIX };
        if (path.Length == 0 || path.Contains('\0') || Encoding.UTF8.GetByteCount(path) > MaximumPath)
        {
            return false;
        }

        // SAFETY: the array is part of the structure, which lies in the caller's frame; the length was checked.
        fixed (byte* bytes = address.Path)
        {
            Encoding.UTF8.GetBytes(path, new Span<byte>(bytes, MaximumPath));
        }

        return true;
    }
}
