// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Spec;

/// <summary>The status field of a completion without its phase tag: SC in bits 7 to 0, SCT in bits 10 to 8, More in bit 13, Do Not Retry in bit 14 (NVMe Base
/// Specification 2.0, section 3.3.3.2.1). Constants carry no DNR; the controller adds it where a retry cannot help.</summary>
/// <param name="Value">The 15 bits.</param>
public readonly partial record struct NvmeStatus(ushort Value)
{
    private const ushort DoNotRetryBit = 1 << 14;

    private NvmeStatus(int type, int code)
        : this((ushort)(type << 8 | code))
    {
    }

    /// <summary>SCT: 0 generic, 1 command specific, 2 media and data integrity, 3 path related.</summary>
    public int Type => Value >> 8 & 7;

    /// <summary>SC: the code within the type.</summary>
    public int Code => Value & 0xFF;

    /// <summary>DNR: the same command would fail again.</summary>
    public bool DoNotRetry => (Value & DoNotRetryBit) != 0;

    /// <summary>Whether the command did what it was asked.</summary>
    public bool IsSuccess => (Value & 0x7FF) == 0;

    /// <summary>Whether type and code are the same, whatever the other bits.</summary>
    public bool Is(NvmeStatus other) => ((Value ^ other.Value) & 0x7FF) == 0;

    /// <summary>The same with Do Not Retry.</summary>
    public NvmeStatus Final() => new((ushort)(Value | DoNotRetryBit));

    /// <summary>The name where it is known, else type and code.</summary>
    public override string ToString() => Name(Value & 0x7FF) ?? $"SCT {Type} SC 0x{Code:x2}";
}
