// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.IO.Pipes;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Physr.Linux.Rings;
using Physr.Linux.Waiting;

namespace Physr.Linux.Tests.Rings;

/// <summary>Calls through a ring are those of the kernel, and their ends can be waited for. Where the system has no rings, tests say so.</summary>
public sealed unsafe class IoRingTests : IDisposable
{
    private const int Page = 4096;

    private readonly TemporaryFolder _folder = new();
    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc(64 * Page, Page);

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _folder.Dispose();
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void ThirtyTwoCallsAtATimeReadAndWriteWhatTheyShould(int way)
    {
        const int Seed = 20_261_127;
        Random random = new(Seed);
        using IoRing ring = Create(32, way);
        byte[] expected = new byte[256 * Page];
        random.NextBytes(expected);
        string path = _folder.File("file");
        File.WriteAllBytes(path, expected);
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RingCompletion[] ends = new RingCompletion[64];
        int[] pages = new int[32];
        for (int round = 0; round < 20; round++)
        {
            // Pages that no other call of the round touches: writes of some, reads of the rest.
            int[] order = [.. Enumerable.Range(0, 256).OrderBy(_ => random.Next())];
            for (int call = 0; call < 32; call++)
            {
                pages[call] = order[call];
                Span<byte> bytes = new(_memory + (call * Page), Page);
                if (call % 4 == 0)
                {
                    random.NextBytes(bytes);
                    bytes.CopyTo(expected.AsSpan(pages[call] * Page));
                    Assert.True(ring.TryQueueWrite(file, (nint)(_memory + (call * Page)), Page, (ulong)(pages[call] * Page), (ulong)call));
                }
                else
                {
                    bytes.Clear();
                    Assert.True(ring.TryQueueRead(file, (nint)(_memory + (call * Page)), Page, (ulong)(pages[call] * Page), (ulong)call));
                }
            }

            Assert.False(ring.TryQueueFlush(file, 99));
            Assert.Equal(Errno.None, ring.Submit(32));
            Assert.Equal(32, ring.Reap(ends));
            Assert.Equal(0, ring.Pending);
            Assert.Equal(Enumerable.Range(0, 32).Select(static call => (ulong)call), ends.Take(32).Select(static end => end.Token).Order());
            Assert.All(ends.Take(32), static end => Assert.Equal(Page, end.Result));
            for (int call = 0; call < 32; call++)
            {
                Assert.True(expected.AsSpan(pages[call] * Page, Page).SequenceEqual(new(_memory + (call * Page), Page)), $"seed {Seed}, round {round}, call {call}");
            }
        }

        Assert.True(ring.TryQueueFlush(file, 7));
        Assert.Equal(Errno.None, ring.Submit(1));
        Assert.Equal(1, ring.Reap(ends));
        Assert.Equal(new RingCompletion(7, 0), ends[0]);
        Assert.Equal(expected, File.ReadAllBytes(path));
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void EpollIsWokenByTheEndOfACall_ThatBeganBeforeOrAfterTheWait(int way)
    {
        // Made on another thread, as a ring of a thread that starts later is.
        IoRing ring = Task.Run(() => Create(8, way)).GetAwaiter().GetResult();
        using AnonymousPipeServerStream pipe = new(PipeDirection.Out);
        using SafeFileHandle reader = new(pipe.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        Assert.Equal(Errno.None, EventPoll.TryCreate(out EventPoll? poll));
        PollEvent[] events = new PollEvent[4];
        RingCompletion[] ends = new RingCompletion[4];
        Assert.Equal(Errno.None, poll!.Add(ring.Handle, 5));
        for (int round = 0; round < 20; round++)
        {
            Assert.True(ring.TryQueueRead(reader, (nint)_memory, 1, 0, (ulong)round));
            Assert.Equal(Errno.None, ring.Submit(0));
            Assert.Equal(0, ring.Reap(ends));
            Thread? writing = null;
            if (round % 2 == 0)
            {
                pipe.WriteByte((byte)round);
            }
            else
            {
                writing = new(() =>
                {
                    Thread.Sleep(5);
                    pipe.WriteByte((byte)round);
                });
                writing.Start();
            }

            int count = 0;
            for (int waits = 0; waits < 100 && count == 0; waits++)
            {
                Assert.True(poll.Wait(events, 10_000) >= 0);
                count = ring.Reap(ends);
            }

            Assert.Equal(1, count);
            Assert.Equal(new RingCompletion((ulong)round, 1), ends[0]);
            Assert.Equal((byte)round, *_memory);
            writing?.Join();
        }

        Assert.Equal(0, poll.Wait(events, 0));
        poll.Dispose();
        ring.Dispose();
    }

    [SkippableFact]
    public void AFailedCallTellsItsError_AndDoesNotHoldUpOthers()
    {
        using IoRing ring = Create(8);
        string path = _folder.Write("file", "text");
        using SafeFileHandle reading = File.OpenHandle(path);
        RingCompletion[] ends = new RingCompletion[8];
        Assert.True(ring.TryQueueWrite(reading, (nint)_memory, Page, 0, 1));
        Assert.True(ring.TryQueueRead(reading, 4096, Page, 0, 2));
        Assert.True(ring.TryQueueRead(reading, (nint)_memory, Page, 0, 3));
        Assert.True(ring.TryQueueRead(reading, (nint)_memory, Page, Page, 4));
        Assert.Equal(Errno.None, ring.Submit(99));
        Assert.Equal(4, ring.Reap(ends));
        Assert.Equal([Errno.EBADF, Errno.EFAULT, Errno.None, Errno.None], ends.Take(4).OrderBy(static end => end.Token).Select(static end => end.Errno));
        Assert.Equal([4, 0], ends.Take(4).Where(static end => end.Result >= 0).OrderBy(static end => end.Token).Select(static end => end.Result));
    }

    [SkippableFact]
    public void AFileStaysOpenUntilItsCallWasHandedOver()
    {
        using IoRing ring = Create(4);
        SafeFileHandle file = File.OpenHandle(_folder.Write("file", "text"));
        Assert.True(ring.TryQueueRead(file, (nint)_memory, 4, 0, 1));
        file.Dispose();
        Assert.Equal(Errno.None, ring.Submit(1));
        RingCompletion[] ends = new RingCompletion[1];
        Assert.Equal(1, ring.Reap(ends));
        Assert.Equal(4, ends[0].Result);
        Assert.Throws<ObjectDisposedException>(() => ring.TryQueueRead(file, (nint)_memory, 4, 0, 1));
    }

    [SkippableFact]
    public void ARingThatIsLetGoOfCallsOffWhatWouldNeverEnd()
    {
        using AnonymousPipeServerStream pipe = new(PipeDirection.Out);
        using SafeFileHandle reader = new(pipe.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        IoRing ring = Create(4);
        Assert.True(ring.TryQueueRead(reader, (nint)_memory, 1, 0, 1));
        Assert.Equal(Errno.None, ring.Submit(0));
        Assert.True(ring.TryQueueRead(reader, (nint)_memory, 1, 0, 2));
        ring.Dispose();
        ring.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ring.TryQueueRead(reader, (nint)_memory, 1, 0, 1));
    }

    [SkippableFact]
    public void AnotherThreadThanItsOwnIsRefused()
    {
        using IoRing ring = Create(4);
        Assert.Equal(Errno.None, ring.Submit(0));
        using SafeFileHandle file = File.OpenHandle(_folder.Write("file", "text"));
        Assert.True(ring.TryQueueRead(file, (nint)_memory, 4, 0, 1));
        Errno errno = Errno.None;
        Thread other = new(() => errno = ring.Submit(1));
        other.Start();
        other.Join();
        Assert.Equal(Errno.EEXIST, errno);
        Assert.Equal(Errno.None, ring.Submit(1));
    }

    [SkippableFact]
    public void CallsAllocateNothing()
    {
        using IoRing ring = Create(32);
        string path = _folder.File("file");
        File.WriteAllBytes(path, new byte[64 * Page]);
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RingCompletion[] ends = new RingCompletion[32];
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            for (int call = 0; call < 32; call++)
            {
                _ = ring.TryQueueRead(file, (nint)(_memory + (call * Page)), Page, (ulong)(call * Page), (ulong)call);
            }

            _ = ring.Submit(32);
            _ = ring.Reap(ends);
        }));
        Assert.Equal(0, ring.Pending);
    }

    [SkippableFact]
    public void ANumberOfEntriesThatNoRingHasIsRefused()
    {
        using (Create(1))
        {
            Assert.Equal(Errno.EINVAL, IoRing.TryCreate(0, out IoRing? ring, out string reason));
            Assert.Contains("between 1 and 32768", reason, StringComparison.Ordinal);
            Assert.Null(ring);
            Assert.Equal(Errno.EINVAL, IoRing.TryCreate(100_000, out _, out _));
        }
    }

    [Theory]
    [InlineData(Errno.EPERM, "2", "kernel.io_uring_disabled=0")]
    [InlineData(Errno.EPERM, "1", "kernel.io_uring_group")]
    [InlineData(Errno.EPERM, "0", "seccomp")]
    [InlineData(Errno.EPERM, "", "seccomp")]
    [InlineData(Errno.ENOSYS, "", "CONFIG_IO_URING")]
    [InlineData(Errno.ENOMEM, "", "RLIMIT_MEMLOCK")]
    [InlineData(Errno.EMFILE, "", "too many files")]
    [InlineData(Errno.EFAULT, "", "EFAULT")]
    public void ARefusalSaysWhatWouldAllowIt(Errno errno, string setting, string expected) => Assert.Contains(expected, RingRefusal.Reason(errno, setting), StringComparison.Ordinal);

    private static IoRing Create(uint entries, int way = 0)
    {
        Errno errno = IoRing.TryCreate(entries, way, out IoRing? ring, out string reason);
        bool isRefused = errno is Errno.EPERM or Errno.ENOSYS;
        Assert.False(isRefused && Environment.GetEnvironmentVariable("CI") == "true", reason);
        Skip.If(isRefused, reason);
        Assert.Equal("", reason);
        return ring!;
    }
}
