// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Iommufd.Uapi;
using Physr.Dma.Tests.Iommufd.Hardware;
using Physr.Dma.Tests.Iommufd.Uapi;

namespace Physr.Dma.Tests.Iommufd.Faults;

/// <summary>Page faults of devices: how they are read, answered and ended.</summary>
public sealed class FaultQueueTests : IDisposable
{
    private readonly UapiRig _rig = new();
    private readonly MockIommuDevice _mock = new();
    private readonly IommufdDevice _device;
    private readonly uint _ioas;
    private readonly uint _faults;
    private readonly int _descriptor;
    private readonly HardwarePageTable _table;

    public FaultQueueTests()
    {
        _device = _rig.Bind(_mock);
        _ioas = _rig.IoasAlloc();
        Assert.Equal(Errno.None, _rig.FaultAlloc(out _faults, out _descriptor));
        Assert.Equal(Errno.None, _rig.HwptAlloc(_device.Id, _ioas, IommuDomainFlags.ReportFaults | IommuDomainFlags.Pasid, out uint table, _faults));
        _table = _rig.Object<HardwarePageTable>(table);
        Assert.Equal(Errno.None, _device.Attach(_table));
    }

    private EventQueueFile File => _rig.Files[_descriptor];

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void R78a_AGroupIsReadOnceItsLastRequestCame_WithOneCookie_InOrder()
    {
        Assert.Equal(Errno.None, _device.ReportPageFault(FaultRecords.Request(0, 7, isLast: false, 0x1000)));
        Assert.Equal(Errno.None, _device.ReportPageFault(FaultRecords.Request(0, 8, isLast: false, 0x5000)));
        Assert.Equal(Errno.None, _device.ReportPageFault(FaultRecords.Request(0, 7, isLast: false, 0x2000)));
        Assert.False(File.IsReadable);
        Assert.Equal(Errno.None, _device.ReportPageFault(FaultRecords.Request(0, 7, isLast: true, 0x3000)));
        IommuHwptPageFault[] faults = FaultRecords.Read(File);
        Assert.Equal([0x1000UL, 0x2000UL, 0x3000UL], faults.Select(static fault => fault.Address));
        Assert.Equal([0U, 0U, 2U], faults.Select(static fault => fault.Flags));
        Assert.All(faults, fault => Assert.Equal((7U, faults[0].Cookie), (fault.GroupId, fault.Cookie)));
        Assert.False(File.IsReadable);
        Assert.Empty(_mock.Answers);
        Assert.Equal(Errno.None, FaultRecords.Answer(File, faults[0].Cookie, PageResponse.Success));
        Assert.Equal([(0U, 7U, PageResponse.Success)], _mock.Answers);
        Assert.Equal(Errno.None, _device.ReportPageFault(FaultRecords.Request(0, 8, isLast: true, 0x6000)));
        Assert.Equal([0x5000UL, 0x6000UL], FaultRecords.Read(File).Select(static fault => fault.Address));
    }

    [Fact]
    public void R78a_OnlyWholeGroupsAreRead_AndWhatDoesNotFitWaits()
    {
        Report(1, 2);
        Report(2, 3);
        Assert.Equal(Errno.ESPIPE, File.Read(new byte[FaultRecords.Size - 1], out _));
        Assert.Empty(FaultRecords.Read(File, 0));
        Assert.Empty(FaultRecords.Read(File, 1));
        Assert.Equal(2, FaultRecords.Read(File, 4).Length);
        Assert.Empty(FaultRecords.Read(File, 2));
        Assert.Equal(3, FaultRecords.Read(File, 3).Length);
        Assert.Empty(FaultRecords.Read(File, 16));
    }

    [Fact]
    public void R78b_EachGroupEndsByItsOwnAnswer_Once()
    {
        uint[] cookies = [.. Enumerable.Range(1, 3).Select(group => Report((uint)group, 1)).Select(_ => FaultRecords.Read(File)[0].Cookie)];
        Assert.Equal(3, cookies.Distinct().Count());
        Assert.Equal(Errno.None, FaultRecords.Answer(File, cookies[1], PageResponse.Invalid));
        Assert.Equal(Errno.EINVAL, FaultRecords.Answer(File, cookies[1], PageResponse.Success));
        Assert.Equal(Errno.EINVAL, FaultRecords.Answer(File, cookies[0], (PageResponse)2));
        Assert.Equal(Errno.None, FaultRecords.Answer(File, cookies[0], PageResponse.Success));
        Assert.Equal([(0U, 2U, PageResponse.Invalid), (0U, 1U, PageResponse.Success)], _mock.Answers);
        Assert.Equal(1, _rig.Object<FaultQueue>(_faults).UnansweredCount);
        Assert.Equal(Errno.ESPIPE, File.Write(new byte[7], out _));
    }

    [Fact]
    public void R78b_AnAnswerToNothingEndsAWriteWhereItStands()
    {
        Report(1, 1);
        uint cookie = FaultRecords.Read(File)[0].Cookie;
        IommuHwptPageResponse[] answers = [new() { Cookie = cookie }, new() { Cookie = cookie + 100 }, new() { Cookie = cookie }];
        Assert.Equal(Errno.None, File.Write(MemoryMarshal.AsBytes(answers.AsSpan()), out int written));
        Assert.Equal(8, written);
        Assert.Equal(Errno.EINVAL, File.Write(MemoryMarshal.AsBytes(answers.AsSpan(1)), out written));
        Assert.Equal(0, written);
        Assert.Single(_mock.Answers);
    }

    [Fact]
    public void R78_WhatWasNotReadCannotBeAnswered()
    {
        Report(1, 1);
        Assert.Equal(Errno.EINVAL, FaultRecords.Answer(File, 0, PageResponse.Success));
        Assert.Empty(_mock.Answers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void R78_DetachingAnswersWhatIsOutstandingWithInvalid(bool replaces)
    {
        Report(1, 1);
        IommuHwptPageFault read = FaultRecords.Read(File)[0];
        Report(2, 3);
        if (replaces)
        {
            Assert.Equal(Errno.None, _device.Replace(_rig.Object<IoAddressSpace>(_ioas)));
        }
        else
        {
            _device.Detach();
        }

        Assert.Equal([(0U, 1U, PageResponse.Invalid), (0U, 2U, PageResponse.Invalid)], _mock.Answers.OrderBy(static answer => answer.Group));
        Assert.False(File.IsReadable);
        Assert.Equal(Errno.EINVAL, FaultRecords.Answer(File, read.Cookie, PageResponse.Success));
        Assert.Equal(Errno.ENODEV, _device.ReportPageFault(FaultRecords.Request(0, 3, isLast: true)));
        Assert.Equal((0U, 3U, PageResponse.Invalid), _mock.Answers[^1]);
    }

    [Fact]
    public void R78_PasidsAreDetachedApart()
    {
        Assert.Equal(Errno.None, _device.Attach(_table, 5));
        Assert.Equal(Errno.None, _device.Attach(_table, 6));
        Assert.Equal(Errno.None, _device.ReportPageFault(FaultRecords.Request(5, 1, isLast: true)));
        Assert.Equal(Errno.None, _device.ReportPageFault(FaultRecords.Request(6, 1, isLast: true)));
        Assert.Equal(Errno.None, _device.ReportPageFault(FaultRecords.Request(0, 1, isLast: true)));
        Assert.Equal(Errno.ENODEV, _device.ReportPageFault(FaultRecords.Request(7, 1, isLast: true)));
        Assert.Equal([(7U, 1U, PageResponse.Invalid)], _mock.Answers);
        _device.Detach(5);
        Assert.Equal((5U, 1U, PageResponse.Invalid), _mock.Answers[^1]);
        Assert.Equal([(3U, 6U), (2U, 0U)], FaultRecords.Read(File).Select(static fault => (fault.Flags, fault.Pasid)));
    }

    [Fact]
    public void R78_UnbindingAndClosingAnswerEverything()
    {
        Report(1, 1);
        FaultRecords.Read(File);
        Report(2, 1);
        EventQueueFile file = File;
        _rig.Context.Dispose();
        Assert.Equal(2, _mock.Answers.Count(static answer => answer.Response == PageResponse.Invalid));
        Assert.Equal(Errno.EBADF, file.Read(new byte[FaultRecords.Size], out _));
        Assert.Equal(Errno.ENODEV, _device.ReportPageFault(FaultRecords.Request(0, 3, isLast: false)));
        _rig.Files.Close(_descriptor);
    }

    [Fact]
    public void R78_ADeviceThatNeverStopsIsRefusedAtTheQueuesCapacity()
    {
        for (uint group = 0; group < FaultQueue.Capacity; group++)
        {
            Assert.Equal(Errno.None, _device.ReportPageFault(FaultRecords.Request(0, group, isLast: true)));
        }

        Assert.Equal(Errno.ENOMEM, _device.ReportPageFault(FaultRecords.Request(0, 9999, isLast: true)));
        Assert.Equal([(0U, 9999U, PageResponse.Invalid)], _mock.Answers);
        for (int i = 0; i < IommufdDevice.UnfinishedCapacity; i++)
        {
            Assert.Equal(Errno.None, _device.ReportPageFault(FaultRecords.Request(0, 1, isLast: false)));
        }

        Assert.Equal(Errno.ENOMEM, _device.ReportPageFault(FaultRecords.Request(0, 1, isLast: false)));
    }

    [Fact]
    public void R78_ADeviceWhoseIommuCannotWaitDoesNotAttach()
    {
        IommufdDevice other = _rig.Bind(new MockIommuDevice { Capabilities = IommuCapabilities.None });
        Assert.Equal(Errno.EINVAL, other.Attach(_table));
        Assert.Null(other.AttachedTo());
    }

    [Fact]
    public void R78_AnAnswerMayFaultAgain_AndDetachInTurn()
    {
        ReentrantRequester hardware = new();
        IommufdDevice device = _rig.Bind(hardware);
        hardware.Device = device;
        Assert.Equal(Errno.None, device.Attach(_table));
        Assert.Equal(Errno.None, device.ReportPageFault(FaultRecords.Request(0, 1, isLast: true)));
        device.Detach();
        Assert.Equal(2, hardware.Answered);
    }

    [Fact]
    public async Task R78_FaultsReadersAndDetachersOnManyThreadsLeaveEachGroupAnsweredOnce()
    {
        const int Groups = 2000;
        using CancellationTokenSource done = new();
        EventQueueFile file = File;
        Task reader = Task.Run(() =>
        {
            Random random = new(1);
            while (!done.IsCancellationRequested || file.IsReadable)
            {
                foreach (IommuHwptPageFault fault in FaultRecords.Read(file))
                {
                    FaultRecords.Answer(file, fault.Cookie, (PageResponse)random.Next(2));
                }
            }
        });
        Task attacher = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                _device.Detach();
                Assert.Equal(Errno.None, _device.Attach(_table));
            }
        });
        for (uint group = 0; group < Groups; group++)
        {
            _device.ReportPageFault(FaultRecords.Request(0, group, isLast: true));
        }

        await done.CancelAsync();
        await Task.WhenAll(reader, attacher);
        _device.Detach();
        Assert.Equal(Groups, _mock.Answers.Select(static answer => answer.Group).Distinct().Count());
        Assert.Equal(Groups, _mock.Answers.Count);
    }

    private uint Report(uint group, int requests)
    {
        for (int i = 1; i <= requests; i++)
        {
            Assert.Equal(Errno.None, _device.ReportPageFault(FaultRecords.Request(0, group, i == requests)));
        }

        return group;
    }
}
