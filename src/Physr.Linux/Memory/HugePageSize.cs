// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Memory;

/// <summary>The large pages of hugetlbfs on x86-64, and on arm64 with pages of 4 KiB. The value is the binary logarithm of the bytes.</summary>
public enum HugePageSize
{
    /// <summary>2 MiB.</summary>
    TwoMebibytes = 21,

    /// <summary>1 GiB.</summary>
    OneGibibyte = 30,
}
