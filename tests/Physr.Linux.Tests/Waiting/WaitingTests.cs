// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;
using Physr.Linux.Memory;
using Physr.Linux.Sockets;
using Physr.Linux.Tests.Infrastructure;
using Physr.Linux.Waiting;

namespace Physr.Linux.Tests.Waiting;

/// <summary>Who waits is woken, by a counter, by a list of descriptors, by a word.</summary>
public sealed unsafe class WaitingTests
{
    [Fact]
    public void SignalsAreOneUntilSomebodyLooks()
    {
        Assert.Equal(Errno.None, EventCounter.TryCreate(out EventCounter? made));
        using EventCounter counter = made!;
        Assert.False(counter.Drain());
        counter.Signal();
        counter.Signal();
        Assert.True(counter.Drain());
        Assert.False(counter.Drain());

        // One that would wait, and is full.
        SafeFileHandle copy = new(LibC.Fcntl(counter.Handle, DescriptorCommand.F_DUPFD_CLOEXEC, 0), ownsHandle: true);
        Assert.Equal(0, LibC.Fcntl(copy, DescriptorCommand.F_SETFL, (int)OpenFlags.O_RDWR));
        using EventCounter adopted = EventCounter.Adopt(copy);
        Assert.False(adopted.Drain());
        ulong most = ulong.MaxValue - 1;
        Assert.Equal(8, LibC.Write(counter.Handle, &most, 8));
        adopted.Signal();
        Assert.True(counter.Drain());
    }

    [Fact]
    public void OnlyACounterIsTakenOver_AndAnythingElseStaysTheCallers()
    {
        using Pipe pipe = new();
        Assert.Equal(Errno.EINVAL, EventCounter.TryAdopt(pipe.Reading, out EventCounter? none, out string reason));
        Assert.Null(none);
        Assert.Contains("pipe:", reason, StringComparison.Ordinal);
        Assert.False(pipe.Reading.IsClosed);
        using SafeFileHandle semaphore = LibC.Eventfd(2, (EventfdFlags)1);
        Assert.Equal(Errno.EINVAL, EventCounter.TryAdopt(semaphore, out _, out reason));
        Assert.Contains("semaphore", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, EventCounter.TryAdopt(LibC.Eventfd(2, default), out EventCounter? adopted, out reason));
        using EventCounter counter = adopted!;
        Assert.Equal((true, false, ""), (counter.Drain(), counter.Drain(), reason));
    }

    [Fact]
    public void AListTellsWhatIsReady_ByItsToken()
    {
        Assert.Equal(Errno.None, EventPoll.TryCreate(out EventPoll? made));
        using EventPoll poll = made!;
        EventCounter[] counters = [.. Enumerable.Range(0, 5).Select(static _ => EventCounter.TryCreate(out EventCounter? counter) == Errno.None ? counter! : throw new InvalidOperationException())];
        for (int index = 0; index < counters.Length; index++)
        {
            Assert.Equal(Errno.None, poll.Add(counters[index].Handle, ulong.MaxValue - (ulong)index, exclusive: index % 2 == 0));
        }

        Assert.Equal(Errno.EEXIST, poll.Add(counters[0].Handle, 1));
        PollEvent[] events = new PollEvent[8];
        Assert.Equal(0, poll.Wait(events, 0));
        Array.ForEach(counters, static counter => counter.Signal());
        Assert.Equal(5, poll.Wait(events, -1));
        Assert.Equal(Enumerable.Range(0, 5).Select(static index => ulong.MaxValue - (ulong)index), events.Take(5).Select(static one => one.Token).OrderDescending());
        Assert.All(events.Take(5), static one => Assert.Equal((true, false), (one.IsReadable, one.IsHungUp)));
        Assert.Equal(2, poll.Wait(events.AsSpan(0, 2), -1));
        Assert.Equal(Errno.None, poll.Remove(counters[3].Handle));
        Assert.Equal(Errno.ENOENT, poll.Remove(counters[3].Handle));
        Assert.Equal(4, poll.Wait(events, -1));
        Assert.Equal(-(int)Errno.EINVAL, poll.Wait([], 0));
        Assert.All(counters, counter =>
        {
            _ = poll.Remove(counter.Handle);
            counter.Dispose();
        });
        Assert.Equal(0, poll.Wait(events, 0));
    }

    [Fact]
    public void AListTellsOfAHangUp_AndRefusesRegularFiles()
    {
        Assert.Equal(Errno.None, EventPoll.TryCreate(out EventPoll? made));
        using EventPoll poll = made!;
        Assert.Equal(Errno.None, DescriptorSocket.TryPair(out DescriptorSocket? left, out DescriptorSocket? right));
        using DescriptorSocket socket = right!;
        Assert.Equal(Errno.None, poll.Add(socket.Handle, 7));
        left!.Dispose();
        PollEvent[] events = new PollEvent[1];
        Assert.Equal(1, poll.Wait(events, -1));
        Assert.Equal((7UL, true, true), (events[0].Token, events[0].IsReadable, events[0].IsHungUp));
        using SafeFileHandle regular = File.OpenHandle("/proc/self/exe");
        Assert.Equal(Errno.EPERM, poll.Add(regular, 1));
    }

    [Fact]
    public void AThreadIsWokenThroughAnotherMappingOfTheWord()
    {
        Assert.Equal(Errno.None, MemoryFile.TryCreate("words", 4096, out MemoryFile? made, out _));
        using MemoryFile file = made!;
        Assert.Equal(Errno.None, file.TryMap(0, 4096, false, out Mapping? first, out _));
        Assert.Equal(Errno.None, file.TryMap(0, 4096, false, out Mapping? second, out _));
        using Mapping here = first!;
        using Mapping there = second!;
        Assert.NotEqual(here.Address, there.Address);
        uint* word = (uint*)here.Address;
        uint* same = (uint*)there.Address;
        Assert.Equal(Errno.EAGAIN, Futex.Wait(word, 1, -1));
        Assert.Equal(Errno.ETIMEDOUT, Futex.Wait(word, 0, 1));
        Assert.Equal(0, Futex.Wake(word, int.MaxValue));
        Task<Errno> sleeper = OwnThread.Start(() => SleepWhileZero(here));
        Volatile.Write(ref *same, 1);

        // It may not sleep yet: then it does not begin to.
        while (!sleeper.IsCompleted && Futex.Wake(same, 1) == 0)
        {
            Thread.Yield();
        }

        Assert.Equal(Errno.None, OwnThread.Result(sleeper));
        Assert.Equal(Errno.EINVAL, Futex.Wait((uint*)(here.Address + 1), 0, 1));
        Assert.Equal(-(int)Errno.EINVAL, Futex.Wake((uint*)(here.Address + 1), 1));
    }

    [Fact]
    public void ASleeperSleepsUntilItIsWoken()
    {
        Assert.Equal(Errno.None, MemoryFile.TryCreate("words", 4096, out MemoryFile? made, out _));
        using MemoryFile file = made!;
        Assert.Equal(Errno.None, file.TryMap(0, 4096, false, out Mapping? first, out _));
        Assert.Equal(Errno.None, file.TryMap(0, 4096, false, out Mapping? second, out _));
        using Mapping here = first!;
        using Mapping there = second!;

        // The word keeps its value: only a wake ends this, or it would be a wake for nothing, after which it sleeps on.
        Task<Errno> sleeper = OwnThread.Start(() => Futex.Wait((uint*)here.Address, 0, 60_000));
        int woken = 0;
        while (woken == 0 && !sleeper.IsCompleted)
        {
            woken = Futex.Wake((uint*)there.Address, 5);
        }

        Assert.Equal(1, woken);
        Assert.Equal(Errno.None, OwnThread.Result(sleeper));
    }

    private static Errno SleepWhileZero(Mapping mapping)
    {
        uint* word = (uint*)mapping.Address;
        while (Volatile.Read(ref *word) == 0)
        {
            Errno errno = Futex.Wait(word, 0, 60_000);
            if (errno is not (Errno.None or Errno.EAGAIN))
            {
                return errno;
            }
        }

        return Errno.None;
    }
}
