// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Faults;
using Physr.Linux.Memory;
using Physr.Linux.Waiting;

namespace Physr.Linux.Tests.Infrastructure;

/// <summary>Memory whose faults a thread serves. Who faults does so inside a call of the kernel: a thread of .NET that waited for a page in its own code would keep the collector waiting, and with it the
/// thread that serves.</summary>
internal sealed class FaultRig : IDisposable
{
    public const int Page = 4096;
    public const int Pages = 16;

    private readonly EventCounter _stop;
    private Task<int>? _served;

    private FaultRig(Userfaultfd uffd, Mapping memory, MemoryFile? file, EventCounter stop) => (Uffd, Memory, File, _stop) = (uffd, memory, file, stop);

    public Userfaultfd Uffd { get; }

    public Mapping Memory { get; }

    public MemoryFile? File { get; }

    /// <summary>Skips where userfaultfd is refused or lacks something; fails in CI.</summary>
    public static Userfaultfd Create(FaultFeatures features)
    {
        Errno errno = Userfaultfd.TryCreate(features, out Userfaultfd? uffd, out string reason);
        Assert.False(errno != Errno.None && Environment.GetEnvironmentVariable("CI") == "true", reason);
        Skip.If(errno != Errno.None, reason);
        Skip.If(uffd!.IsUserModeOnly, "only faults of the program itself are told here: the tests fault inside the kernel");
        return uffd;
    }

    /// <summary>Registered memory of no file.</summary>
    public static FaultRig Anonymous(FaultFeatures features, FaultModes modes)
    {
        Userfaultfd uffd = Create(features);
        Assert.Equal(Errno.None, Mapping.TryMapAnonymous(Pages * Page, false, out Mapping? memory, out _));
        return Register(uffd, memory!, null, modes);
    }

    /// <summary>Registered memory of a file in memory.</summary>
    public static FaultRig Shared(FaultFeatures features, FaultModes modes)
    {
        Userfaultfd uffd = Create(features);
        Assert.Equal(Errno.None, MemoryFile.TryCreate("rig", Pages * Page, out MemoryFile? file, out _));
        Assert.Equal(Errno.None, Mapping.TryMapGuarded(file!.Handle, 0, Pages * Page, true, out Mapping? memory, out _));
        return Register(uffd, memory!, file, modes);
    }

    public nint At(int page) => Memory.Address + (page * Page);

    public unsafe Span<byte> Bytes(int page) => new((byte*)At(page), Page);

    /// <summary>Serves faults on a thread of its own until this is disposed of.</summary>
    public void Serve(Action<FaultEvent> serve) => _served = OwnThread.Start(() =>
    {
        Assert.Equal(Errno.None, EventPoll.TryCreate(out EventPoll? poll));
        using EventPoll list = poll!;
        Assert.Equal(Errno.None, list.Add(Uffd.Handle, 1));
        Assert.Equal(Errno.None, list.Add(_stop.Handle, 2));
        PollEvent[] ready = new PollEvent[2];
        FaultEvent[] events = new FaultEvent[8];
        int told = 0;
        while (true)
        {
            int count = list.Wait(ready, -1);
            Assert.True(count >= 0, $"{(Errno)(-count)}");
            if (ready.Take(count).Any(static one => one.Token == 2))
            {
                return told;
            }

            int read = count == 0 ? 0 : Uffd.Read(events);
            for (int index = 0; index < read; index++, told++)
            {
                serve(events[index]);
            }
        }
    });

    /// <summary>Touches a page inside the kernel, on a thread of its own.</summary>
    public Task<Errno> Touch(int page, bool isStore) => OwnThread.Start(() => Memory.Advise(At(page), Page, isStore ? MemoryAdvice.PopulateWrite : MemoryAdvice.PopulateRead));

    /// <summary>Stops who serves, and rethrows what it threw.</summary>
    public void Dispose()
    {
        _stop.Signal();
        try
        {
            _ = _served is null ? 0 : OwnThread.Result(_served);
        }
        finally
        {
            Memory.Dispose();
            Uffd.Dispose();
            File?.Dispose();
            _stop.Dispose();
        }
    }

    private static FaultRig Register(Userfaultfd uffd, Mapping memory, MemoryFile? file, FaultModes modes)
    {
        Errno errno = uffd.TryRegister(memory.Address, memory.Length, modes, out string reason);
        Assert.True(errno == Errno.None, reason);
        Assert.Equal(Errno.None, EventCounter.TryCreate(out EventCounter? stop));
        return new(uffd, memory, file, stop!);
    }
}
