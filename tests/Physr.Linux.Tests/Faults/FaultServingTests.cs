// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Faults;
using Physr.Linux.Memory;
using Physr.Linux.Processes;
using Physr.Linux.Sockets;
using Physr.Linux.Tests.Infrastructure;
using Physr.Linux.Waiting;

namespace Physr.Linux.Tests.Faults;

/// <summary>Threads that touch registered pages sleep until a page is there, and find in it what was put there.</summary>
public sealed unsafe class FaultServingTests
{
    private const int Page = FaultRig.Page;

    [SkippableFact]
    public void AMissingPageIsCopied_AndItsThreadIsKnown()
    {
        using FaultRig rig = FaultRig.Anonymous(FaultFeatures.ThreadId, FaultModes.Missing);
        byte[] bytes = Pattern(1);
        FaultEvent told = default;
        rig.Serve(fault =>
        {
            told = fault;
            fixed (byte* source = bytes)
            {
                Assert.Equal(Errno.None, rig.Uffd.Copy((nint)fault.Address, (nint)source, Page, false, true, out nuint done));
                Assert.Equal((nuint)Page, done);
            }
        });
        (Errno errno, int thread) = OwnThread.Run(() => (rig.Memory.Advise(rig.At(3), Page, MemoryAdvice.PopulateRead), CpuAffinity.ThreadId()));
        Assert.Equal(Errno.None, errno);
        Assert.True(rig.Bytes(3).SequenceEqual(bytes));
        Assert.Equal((FaultEventKind.PageFault, (ulong)rig.At(3), (uint)thread, false, false, false), (told.Kind, told.Address, told.ThreadId, told.IsWrite, told.IsWriteProtect, told.IsMinor));
        Assert.Equal(Errno.None, OwnThread.Result(rig.Touch(4, isStore: true)));
        Assert.True(told.IsWrite);
        Assert.Equal($"store to 0x{rig.At(4):x}", told.ToString());
    }

    [SkippableFact]
    public void APageIsPutOnce_AndHowFarItWentIsTold()
    {
        using FaultRig rig = FaultRig.Anonymous(FaultFeatures.None, FaultModes.Missing);
        Assert.Equal(Errno.None, rig.Uffd.ZeroPage(rig.At(1), Page, false, out nuint done));
        Assert.Equal((nuint)Page, done);
        Assert.Equal(Errno.EEXIST, rig.Uffd.ZeroPage(rig.At(1), Page, false, out done));
        Assert.Equal(0u, done);

        // The second of these two is there.
        byte[] bytes = [.. Pattern(2), .. Pattern(3)];
        fixed (byte* source = bytes)
        {
            Errno errno = rig.Uffd.Copy(rig.At(0), (nint)source, 2 * Page, false, false, out done);
            Assert.Equal((true, (nuint)Page), (errno is Errno.EEXIST or Errno.EAGAIN, done));
        }

        Assert.False(rig.Bytes(1).ContainsAnyExcept((byte)0));
        Assert.True(rig.Bytes(0).SequenceEqual(Pattern(2)));
    }

    [SkippableFact]
    public void WhoWaitsIsWokenWhenAsked()
    {
        using FaultRig rig = FaultRig.Anonymous(FaultFeatures.None, FaultModes.Missing);
        using Mapping source = Anonymous();
        using ManualResetEventSlim isCopied = new();
        rig.Serve(fault =>
        {
            Assert.Equal(Errno.None, rig.Uffd.Copy((nint)fault.Address, source.Address, Page, false, wake: false, out _));
            isCopied.Set();
        });
        Task<Errno> sleeper = rig.Touch(5, isStore: false);
        Assert.True(isCopied.Wait(TimeSpan.FromMinutes(1)));
        Assert.False(sleeper.IsCompleted);
        Assert.Equal(Errno.None, rig.Uffd.Wake(rig.At(5), Page));
        Assert.Equal(Errno.None, OwnThread.Result(sleeper));
    }

    [SkippableFact]
    public void AReadIntoAMissingPageWaitsToo_AndSeveralFaultsAreReadAtOnce()
    {
        using FaultRig rig = FaultRig.Shared(FaultFeatures.MissingShmem, FaultModes.Missing);
        Assert.Equal(Errno.None, MemoryFile.TryCreate("source", Page, out MemoryFile? file, out _));
        using MemoryFile source = file!;
        byte[] bytes = Pattern(4);
        fixed (byte* first = bytes)
        {
            Assert.Equal(Errno.None, source.Write((nint)first, Page, 0));
        }

        Task<Errno>[] reads = [.. Enumerable.Range(0, 3).Select(page => OwnThread.Start(() => source.Read(rig.At(page), Page, 0)))];
        FaultEvent[] events = new FaultEvent[8];
        for (int served = 0; served < 3;)
        {
            Assert.Equal(Errno.None, Readiness.Wait(rig.Uffd.Handle, 60_000));
            int count = rig.Uffd.Read(events);
            Assert.True(count > 0 || count == -(int)Errno.EAGAIN);
            for (int index = 0; index < count; index++, served++)
            {
                Assert.Equal(Errno.None, rig.Uffd.ZeroPage((nint)events[index].Address, Page, true, out _));
            }
        }

        Assert.All(reads, static read => Assert.Equal(Errno.None, OwnThread.Result(read)));
        byte[] seen = new byte[Page];
        fixed (byte* first = seen)
        {
            Assert.Equal(Errno.None, rig.File!.Read((nint)first, Page, 2 * Page));
        }

        Assert.Equal(bytes, seen);
    }

    [SkippableFact]
    public void APageOfThePageCacheIsContinued()
    {
        using FaultRig rig = FaultRig.Shared(FaultFeatures.MinorShmem | FaultFeatures.MissingShmem, FaultModes.Minor | FaultModes.Missing);
        byte[] bytes = Pattern(5);
        FaultEvent told = default;
        rig.Serve(fault =>
        {
            told = fault;
            Assert.Equal(Errno.None, rig.Uffd.Continue((nint)fault.Address, Page, false, true, out nuint done));
            Assert.Equal((nuint)Page, done);
        });
        fixed (byte* source = bytes)
        {
            Assert.Equal(Errno.None, rig.File!.Write((nint)source, Page, 7 * Page));
        }

        Assert.Equal(Errno.EFAULT, rig.Uffd.Continue(rig.At(8), Page, false, false, out _));
        Assert.Equal(Errno.None, OwnThread.Result(rig.Touch(7, isStore: false)));
        Assert.True(told.IsMinor);
        Assert.True(rig.Bytes(7).SequenceEqual(bytes));
        Assert.Equal(Errno.EEXIST, rig.Uffd.Continue(rig.At(7), Page, false, false, out _));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void AStoreToAProtectedPageWaits_AndALoadDoesNot(bool isShared)
    {
        const FaultModes Modes = FaultModes.Missing | FaultModes.WriteProtect;
        using FaultRig rig = isShared ? FaultRig.Shared(FaultFeatures.WriteProtectShmem | FaultFeatures.MissingShmem, Modes) : FaultRig.Anonymous(FaultFeatures.PagefaultFlagWriteProtect, Modes);
        using Mapping source = Anonymous();
        int stores = 0;
        rig.Serve(fault =>
        {
            stores += fault.IsWriteProtect && fault.IsWrite ? 1 : 0;
            Assert.Equal(Errno.None, fault.IsWriteProtect ? rig.Uffd.WriteProtect((nint)fault.Address, Page, false, true) : rig.Uffd.Copy((nint)fault.Address, source.Address, Page, true, true, out _));
        });
        Assert.Equal(Errno.None, OwnThread.Result(rig.Touch(2, isStore: false)));
        Assert.Equal(0, stores);
        Assert.Equal(Errno.None, OwnThread.Result(rig.Touch(2, isStore: true)));
        Assert.Equal(1, stores);
        Assert.Equal(Errno.None, rig.Uffd.WriteProtect(rig.At(2), Page, true, false));
        Assert.Equal(Errno.None, OwnThread.Result(rig.Touch(2, isStore: false)));
        Assert.Equal(1, stores);
        Assert.Equal(Errno.None, OwnThread.Result(rig.Touch(2, isStore: true)));
        Assert.Equal(2, stores);
    }

    [SkippableFact]
    public void APoisonedPageIsAnErrorForWhoTouchesIt()
    {
        using FaultRig rig = FaultRig.Shared(FaultFeatures.Poison | FaultFeatures.MissingShmem, FaultModes.Missing);
        rig.Serve(fault =>
        {
            Assert.Equal(Errno.None, rig.Uffd.Poison((nint)fault.Address, Page, true, out nuint done));
            Assert.Equal((nuint)Page, done);
        });
        Assert.Equal(Errno.EHWPOISON, OwnThread.Result(rig.Touch(6, isStore: false)));
        Assert.Equal(Errno.EEXIST, rig.Uffd.Poison(rig.At(6), Page, false, out _));
    }

    [SkippableFact]
    public void PagesMoveWithinAProcess()
    {
        using FaultRig rig = FaultRig.Anonymous(FaultFeatures.Move, FaultModes.Missing);
        using Mapping source = Anonymous();
        Pattern(8).CopyTo(new Span<byte>((byte*)source.Address, Page));
        rig.Serve(fault =>
        {
            Assert.Equal(Errno.None, rig.Uffd.Move((nint)fault.Address, source.Address, Page, true, out nuint done));
            Assert.Equal((nuint)Page, done);
        });
        Assert.Equal(Errno.None, OwnThread.Result(rig.Touch(9, isStore: false)));
        Assert.True(rig.Bytes(9).SequenceEqual(Pattern(8)));
        Assert.False(new Span<byte>((byte*)source.Address, Page).ContainsAnyExcept((byte)0));
        Assert.Equal(Errno.EEXIST, rig.Uffd.Move(rig.At(9), source.Address, Page, false, out _));
    }

    [SkippableFact]
    public void WhoLetsPagesGoWaitsUntilItWasRead()
    {
        using FaultRig rig = FaultRig.Anonymous(FaultFeatures.EventRemove, FaultModes.Missing);
        FaultEvent told = default;
        using ManualResetEventSlim isTold = new();
        rig.Serve(one =>
        {
            told = one;
            isTold.Set();
        });
        Assert.Equal(Errno.None, OwnThread.Run(() => rig.Memory.Advise(rig.At(2), 3 * Page, MemoryAdvice.DontNeed)));

        // It waits for the event to be read, not for what its reader does then.
        Assert.True(isTold.Wait(60_000));
        Assert.Equal((FaultEventKind.Remove, (ulong)rig.At(2), (ulong)rig.At(5)), (told.Kind, told.Start, told.End));
    }

    [SkippableFact]
    public void ADescriptorThatWasSentServesTheSameFaults()
    {
        using FaultRig rig = FaultRig.Anonymous(FaultFeatures.None, FaultModes.Missing);
        Assert.Equal(Errno.None, DescriptorSocket.TryPair(out DescriptorSocket? left, out DescriptorSocket? right));
        using DescriptorSocket sending = left!;
        using DescriptorSocket receiving = right!;
        Assert.Equal(Errno.None, sending.TrySend("serve"u8, [rig.Uffd.Handle], true));
        SafeFileHandle?[] received = new SafeFileHandle?[1];
        Assert.Equal(Errno.None, receiving.TryReceive(new byte[8], received, true, out _, out int count));
        Assert.Equal(1, count);
        Assert.Equal(Errno.None, Userfaultfd.TryAdopt(received[0]!, out Userfaultfd? uffd, out _));
        using Userfaultfd adopted = uffd!;
        Task<Errno> touch = rig.Touch(1, isStore: false);
        FaultEvent[] events = new FaultEvent[1];
        while (adopted.Read(events) != 1)
        {
            Assert.Equal(Errno.None, Readiness.Wait(adopted.Handle, 60_000));
        }

        Assert.Equal(Errno.None, adopted.ZeroPage((nint)events[0].Address, Page, true, out _));
        Assert.Equal(Errno.None, OwnThread.Result(touch));
    }

    private static byte[] Pattern(int seed)
    {
        byte[] bytes = new byte[Page];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static Mapping Anonymous()
    {
        Assert.Equal(Errno.None, Mapping.TryMapAnonymous(Page, false, out Mapping? mapping, out _));
        return mapping!;
    }
}
