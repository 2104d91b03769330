// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;
using Physr.Dma.Tests.Debugging;
using Physr.Dma.Tracing;
using static Physr.Dma.DmaDirection;

namespace Physr.Dma.Tests.Tracing;

/// <summary>What a live debugger found is found again in the trace it recorded.</summary>
public sealed class RoundTripTests
{
    [Fact]
    public void R90_CrimesRecordedAndCheckedElsewhereAreTheSameFindings()
    {
        for (int seed = 0; seed < 12; seed++)
        {
            using StringWriter text = new();
            using DebugRig rig = new(options => options with { Recorder = new DmaTraceWriter(text) });
            rig.Debugger.OnDriverBind(rig.Direct, "nvme");
            LegalTraffic traffic = new(rig, seed);
            Random random = new(seed);
            for (int i = 0; i < 40; i++)
            {
                traffic.Run(5);
                Commit(rig, random.Next(18));
            }

            rig.Debugger.OnDriverUnbind(rig.Direct);
            DmaTraceResult result = TraceText.Check(text.ToString(), new() { KeepsAll = true });
            Assert.True(result.BadLines == 0, $"seed {seed}: {string.Join("; ", result.Problems)}");
            Assert.Equal(0, result.UncertainCount);
            Assert.True(rig.Reports.Count > 20, $"seed {seed}: only {rig.Reports.Count} findings");
            Assert.Equal(rig.Reports.Select(Essence), result.Findings.Select(static finding => Essence(finding.Report)));
            Assert.Equal(
                rig.Debugger.Leaks().Select(static leak => (leak.Device.Name, leak.Count, leak.Bytes)), result.Leaks.Select(static leak => (leak.Device.Name, leak.Count, leak.Bytes)));
        }
    }

    [Fact]
    public void TheSameRunIsTheSameTrace()
    {
        Assert.Equal(Record(7), Record(7));
        Assert.NotEqual(Record(7), Record(8));
    }

    private static string Record(int seed)
    {
        using StringWriter text = new();
        using DebugRig rig = new(options => options with { Recorder = new DmaTraceWriter(text) });
        new LegalTraffic(rig, seed).Run(100);
        return text.ToString();
    }

    private static (DmaDebugError Error, string Device, string? Driver, DmaAddress Address, ulong Size, string Message) Essence(DmaDebugReport report) =>
        (report.Error, report.Device.Name, report.Driver, report.Address, report.Size, System.Text.RegularExpressions.Regex.Replace(report.Message, "after (event|line) [0-9]+", "after N"));

    private static void Commit(DebugRig rig, int crime)
    {
        DmaAddress address;
        switch (crime)
        {
            case 0:
                rig.Unmap(rig.Direct, DmaAddress.MappingError, 0x1000);
                break;
            case 1:
                rig.Unmap(rig.Direct, new(0x7_0000), 0x1000);
                break;
            case 2:
                address = rig.Map(rig.Translated, 0x5000, 0x1000, ToDevice);
                rig.Unmap(rig.Translated, address, 0x800, ToDevice);
                rig.Unmap(rig.Translated, address, 0x1000, FromDevice);
                break;
            case 3:
                address = rig.MapUnchecked(rig.Direct, 0x5000, 0x1000, ToDevice);
                rig.Unmap(rig.Direct, address, 0x1000, ToDevice, DmaAttributes.Mmio);
                break;
            case 4:
                rig.Map(rig.Direct, DebugRig.Stack.Start.Value, 0x100, ToDevice);
                break;
            case 5:
                rig.Map(rig.Direct, DebugRig.KernelCode.Start.Value, 0x100, ToDevice);
                break;
            case 6:
                rig.Mapper.SyncForCpu(rig.Direct, new(0x9_0000), 0x100, FromDevice);
                break;
            case 7:
                address = rig.Map(rig.Direct, 0x5000, 0x1000, FromDevice);
                rig.Mapper.SyncForDevice(rig.Direct, address, 0x2000, ToDevice);
                break;
            case 8:
                rig.Map(rig.Direct, 0x60_0000_0000, 0x1000, ToDevice);
                break;
            case 9:
                rig.Mapper.TryMapPhys(rig.Direct, new(new(0x5000), 0x1000), ToDevice, DmaAttributes.Mmio, out _);
                break;
            case 10:
                rig.Map(rig.Direct, 0x8000, 0x40, FromDevice);
                rig.Map(rig.Direct, 0x8000, 0x40, FromDevice);
                break;
            case 11:
                address = rig.Map(rig.Translated, 0x5000, 0x1000);
                rig.Unmap(rig.Translated, address, 0);
                rig.Debugger.OnRevoke(rig.Translated, new(address, 0x1000));
                rig.Debugger.OnDeviceAccess(rig.Translated, new(address, 0x40), isWrite: true);
                rig.Unmap(rig.Translated, address, 0x1000);
                rig.Debugger.OnDeviceAccess(rig.Translated, new(address, 0x40), isWrite: true);
                break;
            case 12:
                rig.Debugger.OnMap(rig.Translated, DmaMapKind.Page, new(new(0x10_0000_0000), 0x2000), new(0x5000), ToDevice);
                rig.Debugger.OnMap(rig.Translated, DmaMapKind.Noncoherent, new(new(0x10_0000_1000), 0x2000), new(0x1_5000), ToDevice);
                break;
            case 13:
                rig.Debugger.OnMapList(new()
                {
                    Device = rig.Translated,
                    Segments = [new(new(0x11_0000_0000), 0x1000), new(new(0x12_0000_0000), 0x1000)],
                    Memory = [new(0xa_0000), new(0xb_0000)],
                    Direction = FromDevice,
                });
                rig.Debugger.OnSyncList(rig.Translated, [new(new(0x11_0000_0000), 0x1000)], ToDevice, isForCpu: true);
                rig.Debugger.OnUnmapList(rig.Translated, [new PhysicalAddress(0xa_0000)], ToDevice, DmaAttributes.None);
                break;
            case 14:
                rig.Debugger.OnMap(rig.Direct, DmaMapKind.Coherent, new(new(0xc_0000), 0x1000), new(0xc_0000), Bidirectional, cpuAddress: 0x1234);
                rig.Debugger.OnUnmap(rig.Direct, DmaMapKind.Coherent, new(0xc_0000), 0x1000, Bidirectional, cpuAddress: 0x4321);
                break;
            case 15:
                Assert.True(rig.Mapper.TryReserve(rig.Translated, new(0), 0x4000, out IovaReservation reservation));
                rig.Mapper.Link(rig.Translated, ref reservation, new(new(0x1_0000), 0x2000), 0, ToDevice, DmaAttributes.None);
                rig.Mapper.Link(rig.Translated, ref reservation, new(new(0x1_0000), 0x2000), 0x1000, ToDevice, DmaAttributes.None);
                rig.Debugger.OnDeviceAccess(rig.Translated, new(reservation.Address, 0x40), isWrite: false);
                rig.Mapper.Unlink(rig.Translated, ref reservation, 0x3000, 0x1000, ToDevice, DmaAttributes.None);
                rig.Mapper.Destroy(rig.Translated, ref reservation, 0x1000, ToDevice, DmaAttributes.None);
                rig.Mapper.Destroy(rig.Translated, ref reservation, 0x2000, ToDevice, DmaAttributes.None);
                break;
            case 16:
                rig.Debugger.OnMap(rig.Direct, DmaMapKind.Resource, new(new(0xfe00_0000), 0x1000), new(0xfe00_0000), ToDevice);
                rig.Debugger.OnUnmap(rig.Direct, DmaMapKind.Page, new(0xfe00_0000), 0x1000, ToDevice, DmaAttributes.None);
                break;
            default:
                rig.Debugger.OnMap(rig.Direct, DmaMapKind.Noncontiguous, new(new(0xd_0000), 0x1000), new(0xd_0000), ToDevice);
                rig.Debugger.OnUnmap(rig.Direct, DmaMapKind.Noncontiguous, new(0xd_0000), 0x800, ToDevice);
                break;
        }
    }
}
