// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Hmm.Tests;

/// <summary>What a test device's memory is.</summary>
public enum DeviceVariant
{
    /// <summary>Private, numbered in the offset space: no physical address at all.</summary>
    Private = 0,

    /// <summary>Private, numbered the kernel's way by a made-up physical range.</summary>
    PrivateByRange,

    /// <summary>Coherent: the CPU reaches it.</summary>
    Coherent,
}
