// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Storage.Pmem;

/// <summary>What is told to a region beside its bytes and its place.</summary>
public sealed record PmemRegionOptions
{
    /// <summary>Its number: <c>region0</c>, <c>namespace0.1</c>.</summary>
    public int Number { get; init; }

    /// <summary>Which set of devices it is; labels of another set are refused.</summary>
    public ulong InterleaveCookie { get; init; } = 0x7068_7973_7221;

    /// <summary>Asked before a namespace is made or enabled, beside what the memory map asks itself; null lets all pass (row R91).</summary>
    public IAllocationGate? AllocationGate { get; init; }
}
