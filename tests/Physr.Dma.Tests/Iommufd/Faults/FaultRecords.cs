// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Iommufd.Uapi;
using Physr.Dma.Tests.Iommufd.Hardware;

namespace Physr.Dma.Tests.Iommufd.Faults;

/// <summary>Page faults as bytes of a fault queue's file.</summary>
internal static class FaultRecords
{
    public static readonly int Size = Unsafe.SizeOf<IommuHwptPageFault>();

    public static PageRequest Request(uint pasid, uint group, bool isLast, ulong address = 0xdeadb000) => new(
        (pasid == 0 ? PageFaultFlags.None : PageFaultFlags.PasidValid) | (isLast ? PageFaultFlags.LastPage : PageFaultFlags.None),
        pasid,
        group,
        PageFaultPermissions.Read | PageFaultPermissions.Write,
        new(address));

    public static IommuHwptPageFault[] Read(EventQueueFile file, int room = 16)
    {
        byte[] bytes = new byte[room * Size];
        Assert.Equal(Errno.None, file.Read(bytes, out int length));
        return MemoryMarshal.Cast<byte, IommuHwptPageFault>(bytes.AsSpan(0, length)).ToArray();
    }

    public static Errno Answer(EventQueueFile file, uint cookie, PageResponse response)
    {
        IommuHwptPageResponse record = new() { Cookie = cookie, Code = (uint)response };
        return file.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<IommuHwptPageResponse>(in record)), out _);
    }

    /// <summary>Lets a device fault once, reads the fault and answers it (the suite's trigger_iopf).</summary>
    public static void TriggerAndAnswer(IommufdDevice device, MockIommuDevice mock, EventQueueFile file, uint pasid)
    {
        Assert.False(file.IsReadable);
        Assert.Equal(Errno.None, device.ReportPageFault(Request(pasid, 2, isLast: true)));
        Assert.True(file.IsReadable);
        IommuHwptPageFault fault = Assert.Single(Read(file, 1));
        Assert.Equal(pasid == 0 ? 2U : 3U, fault.Flags);
        Assert.Equal((device.Id, pasid, 2U, 3U, 0xdeadb000UL), (fault.DevId, fault.Pasid, fault.GroupId, fault.Permissions, fault.Address));
        int before = mock.Answers.Count;
        Assert.Equal(Errno.None, Answer(file, fault.Cookie, PageResponse.Success));
        Assert.Equal((pasid, 2U, PageResponse.Success), mock.Answers[^1]);
        Assert.Equal(before + 1, mock.Answers.Count);
    }
}
