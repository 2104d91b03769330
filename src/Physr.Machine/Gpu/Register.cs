// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu;

/// <summary>A 64-bit register that is written by halves.</summary>
internal static class Register
{
    /// <summary>Sets the half that an offset names.</summary>
    public static void Set(ref ulong register, ulong offset, uint value) =>
        register = (offset & 4) == 0 ? (register & ~0xFFFF_FFFFUL) | value : (uint)register | ((ulong)value << 32);
}
