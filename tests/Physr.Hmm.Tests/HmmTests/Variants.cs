// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Hmm.Tests;

/// <summary>The kinds of memory that each test of the kernel's suite runs with.</summary>
public sealed class Variants : TheoryData<DeviceVariant>
{
    public Variants()
    {
        Add(DeviceVariant.Private);
        Add(DeviceVariant.PrivateByRange);
        Add(DeviceVariant.Coherent);
    }
}
