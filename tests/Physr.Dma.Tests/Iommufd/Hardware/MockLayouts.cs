// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Tests.Iommufd.Hardware;

/// <summary>The mock's numbers: kinds of data, defaults, sizes.</summary>
internal static class Mock
{
    public const uint HwInfoType = 0xfeedbeef;
    public const uint HwptDataType = 0xdead;
    public const uint InvalidationType = 0xdeadbeef;
    public const uint ViommuType = 0xdeadbeef;
    public const uint ViommuInvalidationType = 0xdeadbeef;
    public const uint EventType = 0xbeefbeef;
    public const uint QueueType = 0xdeadbeef;
    public const uint QueueCount = 2;
    public const uint IotlbDefault = 0xbadbeef;
    public const int IotlbEntries = 4;
    public const uint CacheDefault = 0xbaddad;
    public const int CacheEntries = 4;
    public const uint InvalidateAll = 1;
    public const int PasidBits = 20;
    public const ulong PageSize = MockDomain.Page;
    public const ulong HugePageSize = MockDomain.Huge;
    public const ulong ApertureStart = MockDomain.Start;
    public const ulong ApertureEnd = MockDomain.Last + 1;
}

[StructLayout(LayoutKind.Sequential)]
internal record struct MockHwInfo(uint Flags, uint TestRegister);

[StructLayout(LayoutKind.Sequential)]
internal record struct MockHwptData(uint Iotlb);

[StructLayout(LayoutKind.Sequential)]
internal record struct MockInvalidation(uint Flags, uint IotlbId);

[StructLayout(LayoutKind.Sequential)]
internal record struct MockViommuInvalidation(uint Flags, uint VirtualId, uint CacheId);

[StructLayout(LayoutKind.Sequential)]
internal record struct MockViommuData(uint InData, uint OutData, ulong OutMmapOffset, ulong OutMmapLength);
