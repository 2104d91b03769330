// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Faults;
using Physr.Linux.Memory;

namespace Physr.Paging.Victim;

/// <summary>The design that Physr has not: a thread of the same program serves the faults, in managed code. Touches pages in one way; with a storm, some ways never come back.</summary>
internal static unsafe class HangVerb
{
    private const int Pages = 64;

    public static int Run(Arguments given)
    {
        Errno errno = Userfaultfd.TryCreate(FaultFeatures.None, out Userfaultfd? faults, out string reason);
        if (errno != Errno.None)
        {
            throw new PhysrException("make", "userfaultfd", errno, reason);
        }

        errno = Mapping.TryMapAnonymous(Pages * 4096, hugeAligned: false, out Mapping? memory, out reason);
        errno = errno == Errno.None ? faults!.TryRegister(memory!.Address, Pages * 4096, FaultModes.Missing, out reason) : errno;
        if (errno != Errno.None)
        {
            throw new PhysrException("register", "memory", errno, reason);
        }

        Thread handler = new(() => Serve(faults!, memory!)) { Name = "managed handler", IsBackground = true };
        handler.Start();
        Access.Touch touch = Access.All[given.Text("way")];

        // Once without anybody in the way, so that what is still compiled is compiled.
        long sum = touch((long*)memory!.Address);
        using CollectionStorm? storm = given.Number("storm") != 0 ? new() : null;
        Console.WriteLine("begun");
        for (long index = 1; index < given.Number("touches"); index++)
        {
            nint page = memory.Address + (nint)(index % Pages * 4096);
            _ = memory.Advise(page, 4096, MemoryAdvice.DontNeed);
            sum += touch((long*)page);
            Console.WriteLine(index);
        }

        Console.WriteLine($"done {sum}");
        return 0;
    }

    private static void Serve(Userfaultfd faults, Mapping memory)
    {
        using Mapping source = Mapping.TryMapAnonymous(4096, hugeAligned: false, out Mapping? made, out string reason) == Errno.None ? made! : throw new InvalidOperationException(reason);
        *(long*)source.Address = 1;
        FaultEvent[] events = new FaultEvent[8];
        using Linux.Waiting.EventPoll poll = Linux.Waiting.EventPoll.TryCreate(out Linux.Waiting.EventPoll? list) == Errno.None ? list! : throw new InvalidOperationException("no epoll");
        _ = poll.Add(faults.Handle, 1);
        Linux.Waiting.PollEvent[] ready = new Linux.Waiting.PollEvent[1];
        while (true)
        {
            _ = poll.Wait(ready, -1);
            int count = faults.Read(events);
            for (int index = 0; index < count; index++)
            {
                nint page = (nint)(events[index].Address & ~4095ul);
                _ = faults.Copy(page, source.Address, 4096, writeProtected: false, wake: true, out _);
            }
        }
    }
}
