// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Physr.Machine.Nvme;
using Physr.Machine.Nvme.Media;
using Physr.Machine.Nvme.Spec;
using Physr.Machine.Simulation;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Nvme;

public sealed class IoCommandTests
{
    private static byte[] Pattern(ulong seed, ulong offset, int length)
    {
        byte[] bytes = new byte[length];
        MediaPattern.Fill(seed, offset, bytes);
        return bytes;
    }

    private static RawController Ready(ulong cmb = 0)
    {
        RawController raw = new(RawController.Options(cmb));
        raw.CreateIoQueue(1);
        return raw;
    }

    [Fact]
    public void ReadsAndWritesMoveBlocks_InBothFormats()
    {
        using RawController raw = Ready();
        using TestBuffer data = raw.Machine.Take(8192);
        RawController.Succeed(raw.Io(IoOpcode.Read, 1, 3, 16, data.Address, data.Address + 4096));
        Assert.True(data.Bytes.SequenceEqual(Pattern(7, 3 * 512, 8192)));
        RawController.Succeed(raw.Io(IoOpcode.Read, 2, 3, 2, data.Address, data.Address + 4096));
        Assert.True(data.Bytes.SequenceEqual(Pattern(8, 3 * 4096, 8192)));

        data.Bytes.Fill(0x5A);
        RawController.Succeed(raw.Io(IoOpcode.Write, 2, 9, 2, data.Address, data.Address + 4096));
        data.Bytes.Clear();
        RawController.Succeed(raw.Io(IoOpcode.Read, 2, 9, 2, data.Address, data.Address + 4096));
        Assert.True(data.Bytes.IndexOfAnyExcept((byte)0x5A) < 0);
        RawController.Succeed(raw.Io(IoOpcode.Flush, 2, 0, 1, 0));
        RawController.Succeed(raw.Io(IoOpcode.Flush, 0xFFFF_FFFF, 0, 1, 0));
        RawController.Fail(NvmeStatus.InvalidNamespace, raw.Io(IoOpcode.Flush, 9, 0, 1, 0));
    }

    [Fact]
    public void EveryIoErrorHasItsStatus()
    {
        using RawController raw = Ready();
        using TestBuffer data = raw.Machine.Take(8192);
        ulong at = data.Address;
        RawController.Fail(NvmeStatus.InvalidOpcode, raw.Io((IoOpcode)0x55, 1, 0, 1, at));
        RawController.Fail(NvmeStatus.InvalidNamespace, raw.Io(IoOpcode.Read, 0, 0, 1, at));
        RawController.Fail(NvmeStatus.InvalidNamespace, raw.Io(IoOpcode.Read, 4, 0, 1, at));
        RawController.Fail(NvmeStatus.LbaOutOfRange, raw.Io(IoOpcode.Read, 1, 8192, 1, at));
        RawController.Fail(NvmeStatus.LbaOutOfRange, raw.Io(IoOpcode.Read, 1, 8191, 2, at));
        RawController.Fail(NvmeStatus.LbaOutOfRange, raw.Io(IoOpcode.Write, 1, ulong.MaxValue, 2, at));
        RawController.Fail(NvmeStatus.InvalidField, raw.Io(IoOpcode.Read, 2, 0, 1024 + 1 - 1, at, psdt: 3));
        RawController.Fail(NvmeStatus.PrpOffsetInvalid, raw.Io(IoOpcode.Read, 1, 0, 1, at + 1));
        RawController.Fail(NvmeStatus.PrpOffsetInvalid, raw.Io(IoOpcode.Read, 1, 0, 16, at, at + 4096 + 4));
        RawController.Fail(NvmeStatus.PrpOffsetInvalid, raw.Io(IoOpcode.Read, 1, 0, 32, at, at + 4));
        RawController.Fail(NvmeStatus.NamespaceWriteProtected, raw.Io(IoOpcode.Write, 3, 0, 1, at));
        RawController.Fail(NvmeStatus.NamespaceWriteProtected, raw.Io(IoOpcode.WriteZeroes, 3, 0, 1, 0));
        RawController.Fail(NvmeStatus.DataTransferError, raw.Io(IoOpcode.Read, 1, 0, 1, 0x1000));
        RawController.Fail(NvmeStatus.DataTransferError, raw.Io(IoOpcode.Write, 1, 0, 1, 0x1000));
        RawController.Fail(NvmeStatus.DataTransferError, raw.Io(IoOpcode.Read, 1, 0, 64, at, 0x8000)); // the list itself
        RawController.Fail(NvmeStatus.InvalidField, raw.Run(1, RawController.Entry(IoOpcode.Read, 1, 0, 1, at) with { Cdw0 = 0x102 })); // fused
        Assert.Equal(0, raw.Controller.CommandsInWork);
    }

    [Fact]
    public void TransfersBeyondMdtsAreInvalid()
    {
        NvmeControllerOptions options = RawController.Options() with { MaxTransferBytes = 8192 };
        using RawController raw = new(options);
        raw.CreateIoQueue(1);
        using TestBuffer data = raw.Machine.Take(16384);
        RawController.Succeed(raw.Io(IoOpcode.Read, 1, 0, 16, data.Address, data.Address + 4096));
        RawController.Fail(NvmeStatus.InvalidField, raw.Io(IoOpcode.Read, 1, 0, 17, data.Address, data.Address + 4096));
    }

    [Fact]
    public void PrpListsChainAtThePageEnd()
    {
        using RawController raw = Ready();
        const int bytes = 3 << 20; // 768 pages
        using TestBuffer data = raw.Machine.Take(bytes + 4096);
        using TestBuffer lists = raw.Machine.Take(3 * 4096);
        ulong first = data.Address + 512; // unaligned start: 769 pages in all
        Span<ulong> entries = MemoryMarshal.Cast<byte, ulong>(lists.Bytes);
        int at = 500; // the list itself starts late in its page: 12 entries there, 11 of them data
        for (int page = 1; page <= 768; page++)
        {
            if (at % 512 == 511)
            {
                entries[at] = lists.Address + ((ulong)(at + 1) * 8);
                at++;
            }

            entries[at++] = data.Address + ((ulong)page * 4096);
        }

        RawController.Succeed(raw.Io(IoOpcode.Read, 2, 100, bytes / 4096, first, lists.Address + (500 * 8)));
        Assert.True(data.Bytes.Slice(512, bytes).SequenceEqual(Pattern(8, 100 * 4096, bytes)));

        entries[511] += 8; // a link with an offset
        RawController.Fail(NvmeStatus.PrpOffsetInvalid, raw.Io(IoOpcode.Read, 2, 100, bytes / 4096, first, lists.Address + (500 * 8)));
        entries[500] += 4; // a page with an offset
        RawController.Fail(NvmeStatus.PrpOffsetInvalid, raw.Io(IoOpcode.Read, 2, 100, bytes / 4096, first, lists.Address + (500 * 8)));
    }

    [Fact]
    public void AdjacentPagesAreOneTransactionAPiece()
    {
        using RawController raw = Ready();
        using TestBuffer data = raw.Machine.Take(64 << 10);
        using TestBuffer list = raw.Machine.Take(4096);
        Span<ulong> entries = MemoryMarshal.Cast<byte, ulong>(list.Bytes);
        for (int i = 1; i < 16; i++)
        {
            entries[i - 1] = data.Address + ((ulong)i * 4096);
        }

        int before = raw.Machine.PayloadTransactions;
        RawController.Succeed(raw.Io(IoOpcode.Read, 2, 0, 16, data.Address, list.Address));
        Assert.Equal(before + 4, raw.Machine.PayloadTransactions); // 64 KiB in pieces of 16 KiB
    }

    [Fact]
    public void SglShapesAreChecked()
    {
        using RawController raw = Ready();
        using TestBuffer data = raw.Machine.Take(8192);
        using TestBuffer list = raw.Machine.Take(4096);
        ulong at = data.Address;
        SglDescriptor Block(ulong offset, uint length) => SglDescriptor.Create(SglType.DataBlock, at + offset, length);
        void Put(int index, SglDescriptor descriptor) => MemoryMarshal.Write(list.Bytes[(index * 16)..], descriptor);
        SglDescriptor Last(int index, int count) => SglDescriptor.Create(SglType.LastSegment, list.Address + ((ulong)index * 16), (uint)count * 16);
        SglDescriptor Middle(int index, int count) => SglDescriptor.Create(SglType.Segment, list.Address + ((ulong)index * 16), (uint)count * 16);

        RawController.Succeed(raw.Sgl(IoOpcode.Read, 1, 5, 2, Block(3, 1024)));
        Assert.True(data.Bytes.Slice(3, 1024).SequenceEqual(Pattern(7, 5 * 512, 1024)));
        RawController.Fail(NvmeStatus.DataSglLengthInvalid, raw.Sgl(IoOpcode.Read, 1, 5, 2, Block(0, 1023)));
        RawController.Fail(NvmeStatus.DataSglLengthInvalid, raw.Sgl(IoOpcode.Read, 1, 5, 2, Block(0, 1025)));
        RawController.Fail(NvmeStatus.SglTypeInvalid, raw.Sgl(IoOpcode.Read, 1, 5, 2, SglDescriptor.Create((SglType)4, at, 1024)));
        RawController.Fail(NvmeStatus.SglTypeInvalid, raw.Sgl(IoOpcode.Read, 1, 5, 2, new() { Address = at, Control = 1024 | 1UL << 56 }));
        RawController.Fail(NvmeStatus.InvalidSglSegment, raw.Sgl(IoOpcode.Read, 1, 5, 2, Last(0, 0)));
        RawController.Fail(NvmeStatus.InvalidSglSegment, raw.Sgl(IoOpcode.Read, 1, 5, 2, SglDescriptor.Create(SglType.LastSegment, list.Address, 24)));

        // segment -> segment -> last segment, with a bit bucket and an empty block in between
        Put(0, Block(0, 100));
        Put(1, Middle(10, 3));
        Put(10, Block(4000, 0));
        Put(11, SglDescriptor.Create(SglType.BitBucket, 0, 24));
        Put(12, Last(20, 2));
        Put(20, Block(1001, 400));
        Put(21, Block(2001, 500));
        data.Bytes.Clear();
        RawController.Succeed(raw.Sgl(IoOpcode.Read, 1, 0, 2, Middle(0, 2)));
        byte[] expected = Pattern(7, 0, 1024);
        Assert.True(data.Bytes[..100].SequenceEqual(expected.AsSpan(0, 100)));
        Assert.True(data.Bytes.Slice(1001, 400).SequenceEqual(expected.AsSpan(124, 400)));
        Assert.True(data.Bytes.Slice(2001, 500).SequenceEqual(expected.AsSpan(524, 500)));
        Assert.Equal(0, data.Bytes[100]);

        Put(12, Block(0, 1)); // a segment that is not the last ends without a link
        RawController.Fail(NvmeStatus.InvalidSglSegment, raw.Sgl(IoOpcode.Read, 1, 0, 2, Middle(0, 2)));
        Put(0, Last(20, 2)); // a link that is not at the end
        RawController.Fail(NvmeStatus.InvalidSglCount, raw.Sgl(IoOpcode.Read, 1, 0, 2, Middle(0, 2)));
        Put(21, Last(20, 2)); // a link in the last segment
        RawController.Fail(NvmeStatus.InvalidSglSegment, raw.Sgl(IoOpcode.Read, 1, 0, 2, Last(20, 2)));
        Put(30, Middle(30, 1)); // a circle
        RawController.Fail(NvmeStatus.InvalidSglCount, raw.Sgl(IoOpcode.Read, 1, 0, 2, Middle(30, 1)));
        RawController.Fail(NvmeStatus.DataTransferError, raw.Sgl(IoOpcode.Read, 1, 0, 2, SglDescriptor.Create(SglType.LastSegment, 64, 32)));
        Assert.Equal(0, raw.Controller.CommandsInWork);
    }

    [Fact]
    public void CompareZeroVerifyAndDeallocateDoWhatTheySay()
    {
        using RawController raw = Ready();
        using TestBuffer data = raw.Machine.Take(4096);
        MediaPattern.Fill(7, 512, data.Bytes);
        RawController.Succeed(raw.Io(IoOpcode.Compare, 1, 1, 8, data.Address));
        data.Bytes[4095] ^= 1;
        RawController.Fail(NvmeStatus.CompareFailure, raw.Io(IoOpcode.Compare, 1, 1, 8, data.Address));

        RawController.Succeed(raw.Io(IoOpcode.WriteZeroes, 1, 2, 3, 0));
        RawController.Succeed(raw.Io(IoOpcode.Read, 1, 1, 8, data.Address));
        byte[] expected = Pattern(7, 512, 4096);
        expected.AsSpan(512, 3 * 512).Clear();
        Assert.True(data.Bytes.SequenceEqual(expected));

        data.Bytes.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(data.Bytes[4..], 2);
        BinaryPrimitives.WriteUInt64LittleEndian(data.Bytes[8..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(data.Bytes[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(data.Bytes[24..], 8);
        RawController.Succeed(raw.Run(1, new() { Cdw0 = (uint)IoOpcode.DatasetManagement, NamespaceId = 1, Cdw10 = 1, Cdw11 = 4, Prp1 = data.Address }));
        expected.AsSpan(0, 1024).Clear();
        expected.AsSpan(7 * 512, 512).Clear();
        RawController.Succeed(raw.Io(IoOpcode.Read, 1, 1, 8, data.Address + 0));
        Assert.True(data.Bytes.SequenceEqual(expected));

        BinaryPrimitives.WriteUInt64LittleEndian(data.Bytes[8..], 8192);
        BinaryPrimitives.WriteUInt32LittleEndian(data.Bytes[4..], 1);
        RawController.Fail(NvmeStatus.LbaOutOfRange, raw.Run(1, new() { Cdw0 = (uint)IoOpcode.DatasetManagement, NamespaceId = 1, Cdw10 = 0, Cdw11 = 4, Prp1 = data.Address }));
        RawController.Succeed(raw.Io(IoOpcode.Verify, 1, 0, 64, 0));
    }

    [Fact]
    public void MediaDefectsAreReadErrorsUntilTheBlocksAreWritten()
    {
        MemoryMedia media = new("ns1", 1 << 20, patternSeed: 3);
        using RawController raw = new(RawController.Options() with { Namespaces = [new(media)] });
        raw.CreateIoQueue(1);
        using TestBuffer data = raw.Machine.Take(4096);
        media.InjectReadError(1024, 512);
        RawController.Fail(NvmeStatus.UnrecoveredReadError, raw.Io(IoOpcode.Read, 1, 0, 8, data.Address));
        RawController.Fail(NvmeStatus.UnrecoveredReadError, raw.Io(IoOpcode.Verify, 1, 2, 1, 0));
        RawController.Succeed(raw.Io(IoOpcode.Read, 1, 3, 5, data.Address));
        RawController.Succeed(raw.Io(IoOpcode.Write, 1, 2, 1, data.Address));
        RawController.Succeed(raw.Io(IoOpcode.Read, 1, 0, 8, data.Address));
    }

    [Fact]
    public void ATornWriteIsUnreadable_NeverWrongBytes()
    {
        using RawController raw = Ready();
        using TestBuffer data = raw.Machine.Take(8192);
        raw.Machine.FailAt = raw.Machine.Transactions + 2; // the entry, then the data
        RawController.Fail(NvmeStatus.DataTransferError, raw.Io(IoOpcode.Write, 2, 5, 1, data.Address));
        raw.Machine.FailAt = 0;
        RawController.Fail(NvmeStatus.UnrecoveredReadError, raw.Io(IoOpcode.Read, 2, 5, 1, data.Address));
        RawController.Succeed(raw.Io(IoOpcode.Read, 2, 4, 1, data.Address));
        Assert.True(data.Bytes[..4096].SequenceEqual(Pattern(8, 4 * 4096, 4096)));
    }

    [Fact]
    public void QueuesWrapWithTheirPhase_AndTellTheHead()
    {
        using RawController raw = Ready();
        using TestBuffer data = raw.Machine.Take(4096);
        for (int i = 1; i <= 5 * RawController.QueueSize; i++)
        {
            CompletionEntry entry = raw.Io(IoOpcode.Read, 1, (ulong)i, 1, data.Address);
            RawController.Succeed(entry);
            Assert.Equal(i % RawController.QueueSize, entry.SubmissionHead);
            Assert.Equal(1, entry.SubmissionQueueId);
            Assert.True(data.Bytes[..512].SequenceEqual(Pattern(7, (ulong)i * 512, 512)));
        }

        Assert.Equal(5 * RawController.QueueSize, raw.Machine.Interrupts[1]);
    }

    [Fact]
    public void AFullCompletionQueueWaitsForTheHost()
    {
        using RawController raw = new();
        raw.CreateIoQueue(1, size: 16);
        raw.CreateIoQueue(2, size: 4);
        raw.CreateIoQueue(3, size: 16, completions: 2);
        using TestBuffer data = raw.Machine.Take(4096);
        for (int i = 0; i < 10; i++)
        {
            raw.Push(3, RawController.Entry(IoOpcode.Read, 1, (ulong)i, 1, data.Address));
        }

        raw.Ring(3);
        raw.Machine.RunToIdle();
        Assert.Equal(7, raw.Controller.CommandsInWork); // three of ten fitted
        int seen = 0;
        while (raw.Pop(2) is CompletionEntry entry)
        {
            RawController.Succeed(entry);
            Assert.Equal(3, entry.SubmissionQueueId);
            seen++;
            raw.Machine.RunToIdle();
        }

        Assert.Equal(10, seen);
        Assert.Equal(0, raw.Controller.CommandsInWork);
    }

    [Fact]
    public void QueuesAreServedInTurn()
    {
        using RawController raw = new(RawController.Options() with { MaxOutstanding = 8 });
        raw.CreateIoQueue(1, size: 32);
        raw.CreateIoQueue(2, size: 32);
        using TestBuffer data = raw.Machine.Take(4096);
        RawController.Succeed(raw.Admin(AdminOpcode.SetFeatures, cdw10: 1, cdw11: 0)); // bursts of one
        for (int i = 0; i < 16; i++)
        {
            raw.Push(1, RawController.Entry(IoOpcode.Read, 1, 0, 1, data.Address));
            raw.Push(2, RawController.Entry(IoOpcode.Read, 1, 0, 1, data.Address));
        }

        raw.Ring(1);
        raw.Ring(2);
        int most = 0;
        int first = 0, second = 0;
        while (raw.Machine.Step())
        {
            first += raw.Pop(1) is null ? 0 : 1;
            second += raw.Pop(2) is null ? 0 : 1;
            most = Math.Max(most, Math.Abs(first - second));
        }

        Assert.Equal((16, 16), (first, second));
        Assert.True(most <= 3, $"one queue was {most} ahead");
    }

    [Fact]
    public void MaskedVectorsWaitForTheUnmask()
    {
        using RawController raw = Ready();
        using TestBuffer data = raw.Machine.Take(4096);
        raw.Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.INTMS, 2);
        raw.Push(1, RawController.Entry(IoOpcode.Read, 1, 0, 1, data.Address));
        raw.Ring(1);
        raw.Machine.RunToIdle();
        Assert.Equal(0, raw.Machine.Interrupts[1]);
        raw.Machine.WriteRegister32(NvmeRegister.Bar, NvmeRegister.INTMC, 2);
        Assert.Equal(1, raw.Machine.Interrupts[1]);
    }

    [Fact]
    public void ATransferTakesAsLongAsTheSlowerOfMediaAndBus_AndLatenciesOverlap()
    {
        NvmeControllerOptions options = RawController.Options() with
        {
            ReadBytesPerSecond = 1_000_000_000,
            ReadLatency = SimTime.FromNanoseconds(100_000),
        };
        using RawController raw = new(options);
        raw.CreateIoQueue(1);
        using TestBuffer data = raw.Machine.Take(8192);
        SimTime start = raw.Machine.Now;
        for (int i = 0; i < 4; i++)
        {
            raw.Push(1, RawController.Entry(IoOpcode.Read, 2, (ulong)i, 2, data.Address, data.Address + 4096));
        }

        raw.Ring(1);
        raw.Machine.RunToIdle();
        double micros = raw.Machine.Now.Since(start).Seconds * 1e6;
        Assert.InRange(micros, 100 + (4 * 8.192), 100 + (4 * 8.192) + 3); // one latency, four media times; the bus is hidden
    }

    [Fact]
    public void TheMemoryBufferIsKnownOnlyWhereTheHostMappedIt()
    {
        const ulong cmb = 1 << 20, cba = 0xC000_0000;
        using RawController raw = Ready(cmb);
        Assert.True(raw.Controller.Capabilities.HasMemoryBuffer);
        Assert.Equal(0u, raw.Machine.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CMBSZ));
        RawController.Fail(NvmeStatus.DataTransferError, raw.Io(IoOpcode.Read, 2, 1, 1, cba));

        raw.Machine.WriteRegister64(NvmeRegister.Bar, NvmeRegister.CMBMSC, cba | 3);
        Assert.Equal(cmb, MemoryBufferRegisters.Bytes(raw.Machine.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CMBSZ)));
        Assert.Equal(4, MemoryBufferRegisters.Bar(raw.Machine.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CMBLOC)));
        ulong payload = raw.Machine.PayloadBytes;
        RawController.Succeed(raw.Io(IoOpcode.Read, 2, 1, 1, cba + 8192));
        Assert.Equal(payload, raw.Machine.PayloadBytes); // it crossed no bus
        byte[] bytes = new byte[4096];
        Assert.True(raw.Controller.TryGetBarMemory(4, 8192, out Devices.SparseMemory? memory, out ulong offset, out ulong length));
        Assert.Equal(cmb - 8192, length);
        memory!.Read(offset, bytes);
        Assert.Equal(Pattern(8, 4096, 4096), bytes);

        RawController.Succeed(raw.Io(IoOpcode.Write, 2, 77, 1, cba + 8192));
        using TestBuffer data = raw.Machine.Take(4096);
        RawController.Succeed(raw.Io(IoOpcode.Read, 2, 77, 1, data.Address));
        Assert.True(data.Bytes.SequenceEqual(bytes));

        RawController.Fail(NvmeStatus.InvalidCmbUse, raw.Sgl(IoOpcode.Read, 2, 1, 1, SglDescriptor.Create(SglType.DataBlock, cba + cmb - 100, 4096)));
        RawController.Fail(NvmeStatus.InvalidCmbUse, raw.Sgl(IoOpcode.Read, 2, 1, 1, SglDescriptor.Create(SglType.DataBlock, cba - 100, 4096)));
        raw.Machine.WriteRegister64(NvmeRegister.Bar, NvmeRegister.CMBMSC, (ulong.MaxValue << 12) | 3);
        Assert.Equal(1u, raw.Machine.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CMBSTS));
    }
}
