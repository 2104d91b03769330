// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Text;
using Physr.Machine.Nvme.Spec;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Nvme;

public sealed class AdminCommandTests
{
    [Fact]
    public void PropertiesTellTheController()
    {
        using RawController raw = new(enable: false);
        ControllerCapabilities capabilities = new(raw.Machine.ReadRegister64(NvmeRegister.Bar, NvmeRegister.CAP));

        Assert.Equal(64, capabilities.MaxQueueEntries);
        Assert.True(capabilities.RequiresContiguousQueues);
        Assert.True(capabilities.HasNvmCommandSet);
        Assert.Equal(4, capabilities.DoorbellStride);
        Assert.Equal(4096u, capabilities.MinPageSize);
        Assert.False(capabilities.HasMemoryBuffer);
        Assert.Equal(0x0002_0000u, raw.Machine.ReadRegister32(NvmeRegister.Bar, NvmeRegister.VS));
        Assert.False(raw.Status.IsReady);
    }

    [Fact]
    public void EnableDisableAndShutdownFollowTheHandshake()
    {
        using RawController raw = new();
        Assert.True(raw.Status.IsReady);

        raw.Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.CC, ControllerConfiguration.Standard.WithShutdown(1).Value);
        Assert.Equal(1, raw.Status.ShutdownStatus);
        raw.Machine.RunToIdle();
        Assert.Equal(2, raw.Status.ShutdownStatus);

        raw.Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.CC, 0);
        raw.Machine.RunToIdle();
        Assert.Equal(0u, raw.Status.Value);
    }

    [Fact]
    public void AConfigurationThatCannotWorkIsFatal_AndAResetHeals()
    {
        using RawController raw = new(enable: false);
        raw.Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.AQA, 0); // one entry: always full
        raw.Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.CC, ControllerConfiguration.Standard.Value);
        raw.Machine.RunToIdle();
        Assert.True(raw.Status.IsFatal);
        Assert.False(raw.Status.IsReady);

        raw.Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.CC, 0);
        raw.Machine.RunToIdle();
        raw.Enable();
        Assert.True(raw.Status.IsReady);
        Assert.False(raw.Status.IsFatal);
    }

    [Fact]
    public void IdentifyTellsControllerAndNamespaces()
    {
        using RawController raw = new();
        using TestBuffer page = raw.Machine.Take(4096);

        RawController.Succeed(raw.Admin(AdminOpcode.Identify, cdw10: 1, prp1: page.Address));
        Assert.Equal("PHYSR0001", Encoding.ASCII.GetString(page.Bytes.Slice(4, 20)).Trim());
        Assert.Equal(10, page.Bytes[77]); // 4 MiB
        Assert.Equal(3u, BinaryPrimitives.ReadUInt32LittleEndian(page.Bytes[516..]));

        RawController.Succeed(raw.Admin(AdminOpcode.Identify, nsid: 1, cdw10: 0, prp1: page.Address));
        Assert.Equal(8192u, BinaryPrimitives.ReadUInt64LittleEndian(page.Bytes));
        Assert.Equal(0, page.Bytes[26]);
        Assert.Equal(9, page.Bytes[130]);
        Assert.Equal(12, page.Bytes[134]);

        RawController.Succeed(raw.Admin(AdminOpcode.Identify, nsid: 2, cdw10: 0, prp1: page.Address));
        Assert.Equal(1024u, BinaryPrimitives.ReadUInt64LittleEndian(page.Bytes));
        Assert.Equal(1, page.Bytes[26]);

        RawController.Succeed(raw.Admin(AdminOpcode.Identify, nsid: 3, cdw10: 0, prp1: page.Address));
        Assert.Equal(1, page.Bytes[99]); // write protected

        RawController.Succeed(raw.Admin(AdminOpcode.Identify, nsid: 1, cdw10: 2, prp1: page.Address));
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32LittleEndian(page.Bytes));
        Assert.Equal(3u, BinaryPrimitives.ReadUInt32LittleEndian(page.Bytes[4..]));
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32LittleEndian(page.Bytes[8..]));

        RawController.Succeed(raw.Admin(AdminOpcode.Identify, nsid: 2, cdw10: 3, prp1: page.Address));
        Assert.Equal((1, 8), (page.Bytes[0], page.Bytes[1]));
        Assert.Equal((4, 1), (page.Bytes[12], page.Bytes[13]));
    }

    [Fact]
    public void IdentifyRefusesWhatThereIsNot()
    {
        using RawController raw = new();
        using TestBuffer page = raw.Machine.Take(4096);
        RawController.Fail(NvmeStatus.InvalidNamespace, raw.Admin(AdminOpcode.Identify, nsid: 4, cdw10: 0, prp1: page.Address));
        RawController.Fail(NvmeStatus.InvalidNamespace, raw.Admin(AdminOpcode.Identify, nsid: 0, cdw10: 3, prp1: page.Address));
        RawController.Fail(NvmeStatus.InvalidNamespace, raw.Admin(AdminOpcode.Identify, nsid: 0xFFFF_FFFF, cdw10: 2, prp1: page.Address));
        RawController.Fail(NvmeStatus.InvalidField, raw.Admin(AdminOpcode.Identify, cdw10: 0x77, prp1: page.Address));
        RawController.Fail(NvmeStatus.InvalidField, raw.Admin(AdminOpcode.Identify, cdw10: 1, prp1: page.Address, psdt: 1));
        RawController.Fail(NvmeStatus.PrpOffsetInvalid, raw.Admin(AdminOpcode.Identify, cdw10: 1, prp1: page.Address + 2));
        RawController.Fail(NvmeStatus.DataTransferError, raw.Admin(AdminOpcode.Identify, cdw10: 1, prp1: 0x10));
    }

    [Theory]
    [InlineData(0x03)]
    [InlineData(0x0D)]
    [InlineData(0x80)]
    [InlineData(0xFF)]
    public void UnknownOpcodesAreInvalid(byte opcode)
    {
        using RawController raw = new();
        CompletionEntry entry = raw.Admin((AdminOpcode)opcode);
        RawController.Fail(NvmeStatus.InvalidOpcode, entry);
        Assert.True(entry.Status.DoNotRetry);
    }

    [Fact]
    public void QueuesAreCheckedBeforeTheyExist()
    {
        using RawController raw = new();
        using TestBuffer page = raw.Machine.Take(4096);
        ulong at = page.Address;
        uint size = 7 << 16;

        RawController.Fail(NvmeStatus.InvalidQueueId, raw.Admin(AdminOpcode.CreateCompletionQueue, cdw10: 0 | size, cdw11: 1, prp1: at));
        RawController.Fail(NvmeStatus.InvalidQueueId, raw.Admin(AdminOpcode.CreateCompletionQueue, cdw10: 5 | size, cdw11: 1, prp1: at));
        RawController.Fail(NvmeStatus.InvalidQueueSize, raw.Admin(AdminOpcode.CreateCompletionQueue, cdw10: 1, cdw11: 1, prp1: at));
        RawController.Fail(NvmeStatus.InvalidQueueSize, raw.Admin(AdminOpcode.CreateCompletionQueue, cdw10: 1 | 64 << 16, cdw11: 1, prp1: at));
        RawController.Fail(NvmeStatus.InvalidField, raw.Admin(AdminOpcode.CreateCompletionQueue, cdw10: 1 | size, cdw11: 0, prp1: at));
        RawController.Fail(NvmeStatus.InvalidInterruptVector, raw.Admin(AdminOpcode.CreateCompletionQueue, cdw10: 1 | size, cdw11: 3 | 9 << 16, prp1: at));
        RawController.Fail(NvmeStatus.PrpOffsetInvalid, raw.Admin(AdminOpcode.CreateCompletionQueue, cdw10: 1 | size, cdw11: 1, prp1: at + 8));
        RawController.Fail(NvmeStatus.CompletionQueueInvalid, raw.Admin(AdminOpcode.CreateSubmissionQueue, cdw10: 1 | size, cdw11: 1 | 1 << 16, prp1: at));
        RawController.Succeed(raw.Admin(AdminOpcode.CreateCompletionQueue, cdw10: 1 | size, cdw11: 1, prp1: at));
        RawController.Fail(NvmeStatus.InvalidQueueId, raw.Admin(AdminOpcode.CreateCompletionQueue, cdw10: 1 | size, cdw11: 1, prp1: at));
        RawController.Fail(NvmeStatus.InvalidQueueId, raw.Admin(AdminOpcode.CreateSubmissionQueue, cdw10: 1 | size, cdw11: 1, prp1: at));
        RawController.Succeed(raw.Admin(AdminOpcode.CreateSubmissionQueue, cdw10: 1 | size, cdw11: 1 | 1 << 16, prp1: at));
        RawController.Fail(NvmeStatus.InvalidQueueDeletion, raw.Admin(AdminOpcode.DeleteCompletionQueue, cdw10: 1));
        RawController.Succeed(raw.Admin(AdminOpcode.DeleteSubmissionQueue, cdw10: 1));
        RawController.Fail(NvmeStatus.InvalidQueueId, raw.Admin(AdminOpcode.DeleteSubmissionQueue, cdw10: 1));
        RawController.Succeed(raw.Admin(AdminOpcode.DeleteCompletionQueue, cdw10: 1));
        RawController.Fail(NvmeStatus.InvalidQueueId, raw.Admin(AdminOpcode.DeleteCompletionQueue, cdw10: 1));
        RawController.Fail(NvmeStatus.InvalidQueueId, raw.Admin(AdminOpcode.DeleteSubmissionQueue, cdw10: 0));
    }

    [Fact]
    public void FeaturesKeepWhatTheyActOn()
    {
        using RawController raw = new();
        Assert.Equal(3u | 3u << 16, raw.Admin(AdminOpcode.SetFeatures, cdw10: 7, cdw11: 63 | 63 << 16).Result);
        Assert.Equal(3u | 3u << 16, raw.Admin(AdminOpcode.GetFeatures, cdw10: 7).Result);
        RawController.Fail(NvmeStatus.InvalidField, raw.Admin(AdminOpcode.SetFeatures, cdw10: 7, cdw11: 0xFFFF));

        RawController.Succeed(raw.Admin(AdminOpcode.SetFeatures, cdw10: 1, cdw11: 2));
        Assert.Equal(2u, raw.Admin(AdminOpcode.GetFeatures, cdw10: 1).Result);
        Assert.Equal(1u, raw.Admin(AdminOpcode.GetFeatures, cdw10: 6).Result);
        Assert.Equal(2u | 1 << 16, raw.Admin(AdminOpcode.GetFeatures, cdw10: 9, cdw11: 2).Result);
        RawController.Fail(NvmeStatus.FeatureNotSaveable, raw.Admin(AdminOpcode.SetFeatures, cdw10: 1 | 1u << 31));
        RawController.Fail(NvmeStatus.FeatureNotChangeable, raw.Admin(AdminOpcode.SetFeatures, cdw10: 8, cdw11: 1));
        RawController.Fail(NvmeStatus.InvalidField, raw.Admin(AdminOpcode.SetFeatures, cdw10: 2, cdw11: 1));
        RawController.Fail(NvmeStatus.InvalidField, raw.Admin(AdminOpcode.GetFeatures, cdw10: 3));
        RawController.Fail(NvmeStatus.InvalidField, raw.Admin(AdminOpcode.GetFeatures, cdw10: 0x80));
        RawController.Fail(NvmeStatus.InvalidField, raw.Admin(AdminOpcode.GetFeatures, cdw10: 9, cdw11: 5));
    }

    [Fact]
    public void LogPagesTellErrorsHealthAndFirmware()
    {
        using RawController raw = new();
        using TestBuffer page = raw.Machine.Take(4096);
        ushort id = raw.Admin((AdminOpcode)0x7F).CommandId;

        RawController.Succeed(raw.Admin(AdminOpcode.GetLogPage, cdw10: 1 | 15u << 16, prp1: page.Address));
        Assert.Equal(1u, BinaryPrimitives.ReadUInt64LittleEndian(page.Bytes));
        Assert.Equal(id, BinaryPrimitives.ReadUInt16LittleEndian(page.Bytes[10..]));
        Assert.Equal(NvmeStatus.InvalidOpcode.Final().Value << 1, BinaryPrimitives.ReadUInt16LittleEndian(page.Bytes[12..]));

        RawController.Succeed(raw.Admin(AdminOpcode.GetLogPage, nsid: 0xFFFF_FFFF, cdw10: 2 | 127u << 16, prp1: page.Address));
        Assert.Equal(310, BinaryPrimitives.ReadUInt16LittleEndian(page.Bytes[1..]));
        Assert.Equal(1u, BinaryPrimitives.ReadUInt64LittleEndian(page.Bytes[176..]));

        RawController.Succeed(raw.Admin(AdminOpcode.GetLogPage, cdw10: 3 | 127u << 16, prp1: page.Address));
        Assert.Equal(1, page.Bytes[0]);
        RawController.Succeed(raw.Admin(AdminOpcode.GetLogPage, cdw10: 3 | 1u << 16, cdw12: 8, prp1: page.Address));
        Assert.Equal((byte)'0', page.Bytes[0]); // the offset skips to the revision

        RawController.Fail(NvmeStatus.InvalidLogPage, raw.Admin(AdminOpcode.GetLogPage, cdw10: 0xC0, prp1: page.Address));
        RawController.Fail(NvmeStatus.InvalidField, raw.Admin(AdminOpcode.GetLogPage, cdw10: 2, cdw12: 2, prp1: page.Address));
        RawController.Fail(NvmeStatus.InvalidField, raw.Admin(AdminOpcode.GetLogPage, nsid: 1, cdw10: 2, prp1: page.Address));
    }

    [Fact]
    public void AbortEndsACommandInWork_AndSaysWhenItFoundNone()
    {
        using RawController raw = new();
        raw.CreateIoQueue(1);
        using TestBuffer data = raw.Machine.Take(4096);
        ushort read = raw.Push(1, RawController.Entry(IoOpcode.Read, 1, 0, 8, data.Address));
        raw.Ring(1);
        raw.Push(0, new() { Cdw0 = (uint)AdminOpcode.Abort, Cdw10 = 1 | (uint)read << 16 });
        raw.Ring(0);
        raw.Machine.RunToIdle();

        Assert.Equal(0u, raw.Pop(0)!.Value.Result);
        CompletionEntry aborted = raw.Pop(1)!.Value;
        Assert.Equal(read, aborted.CommandId);
        RawController.Fail(NvmeStatus.AbortRequested, aborted);
        Assert.Equal(1u, raw.Admin(AdminOpcode.Abort, cdw10: 1 | 0x7777u << 16).Result & 1);
        Assert.Equal(0, raw.Controller.CommandsInWork);
        RawController.Succeed(raw.Io(IoOpcode.Read, 1, 0, 8, data.Address));
    }

    [Fact]
    public void DeletingASubmissionQueueEndsItsCommands()
    {
        using RawController raw = new();
        raw.CreateIoQueue(1);
        using TestBuffer data = raw.Machine.Take(4096);
        raw.Push(1, RawController.Entry(IoOpcode.Read, 1, 0, 8, data.Address));
        raw.Push(1, RawController.Entry(IoOpcode.Read, 1, 8, 8, data.Address));
        raw.Ring(1);
        RawController.Succeed(raw.Admin(AdminOpcode.DeleteSubmissionQueue, cdw10: 1));
        RawController.Fail(NvmeStatus.AbortedSqDeletion, raw.Pop(1)!.Value);
        RawController.Fail(NvmeStatus.AbortedSqDeletion, raw.Pop(1)!.Value);
        Assert.Equal(0, raw.Controller.CommandsInWork);
    }

    [Fact]
    public void BadDoorbellsAreReportedAsAsynchronousEvents_OnceUntilTheLogIsRead()
    {
        using RawController raw = new();
        using TestBuffer page = raw.Machine.Take(4096);
        raw.CreateIoQueue(1);
        ushort request = raw.Push(0, new() { Cdw0 = (uint)AdminOpcode.AsynchronousEventRequest });
        ushort second = raw.Push(0, new() { Cdw0 = (uint)AdminOpcode.AsynchronousEventRequest });
        raw.Ring(0);
        raw.Machine.RunToIdle();
        Assert.Null(raw.Pop(0));

        raw.Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.SubmissionTail(1), RawController.QueueSize);
        raw.Machine.RunToIdle();
        CompletionEntry reported = raw.Pop(0)!.Value;
        Assert.Contains(reported.CommandId, new[] { request, second });
        Assert.Equal(0x01_01_00u, reported.Result); // log 1, invalid doorbell write value, error

        raw.Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.SubmissionTail(3), 1);
        raw.Machine.RunToIdle();
        Assert.Null(raw.Pop(0)); // masked

        RawController.Succeed(raw.Admin(AdminOpcode.GetLogPage, cdw10: 1 | 15u << 16, prp1: page.Address));
        raw.Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.CompletionHead(1), 3); // nothing was posted there
        raw.Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.SubmissionTail(200), 1);
        raw.Machine.RunToIdle();
        Assert.Equal(0x01_01_00u, raw.Pop(0)!.Value.Result);
    }

    [Fact]
    public void MoreEventRequestsThanTheLimitAreRefused()
    {
        using RawController raw = new();
        for (int i = 0; i < 4; i++)
        {
            raw.Push(0, new() { Cdw0 = (uint)AdminOpcode.AsynchronousEventRequest });
        }

        raw.Ring(0);
        raw.Machine.RunToIdle();
        RawController.Fail(NvmeStatus.AsyncEventLimitExceeded, raw.Admin(AdminOpcode.AsynchronousEventRequest));
        Assert.Equal(0, raw.Controller.CommandsInWork);
    }
}
