// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Sockets;
using Physr.Paging.Protocol;
using Physr.Paging.Stores;
using Physr.Paging.Victim;
using Xunit.Abstractions;

namespace Physr.Paging.Live.Tests;

/// <summary>A client that says anything at all: the pager answers or hangs up, and others do not notice.</summary>
public sealed class ProtocolTests(ITestOutputHelper output)
{
    private const ulong Length = 32 * 4096;

    [SkippableFact]
    public async Task AClientWhoseOwnPageIsNeverLetGoOf_KeepsNoOthersPersistWaiting()
    {
        LiveSystem.Require();
        const ulong length = 16 * 4096;
        using PagerHost pager = PagerHost.Start();
        using DevicePrivateRegion hostile = DevicePrivateRegion.Create(length, Stores.RegionStore.Memory(length), 8 * 4096, new() { Pager = pager });
        using DevicePrivateRegion other = DevicePrivateRegion.Create(length, Stores.RegionStore.Memory(length), 8 * 4096, new() { Pager = pager });
        hostile.Span(4096, 1)[0] = 1;
        other.Span(4096, 1)[0] = 2;
        PagerLine.WaitFor(() => (hostile.Control.Word(1) & (Control.PageWord.Busy | Control.PageWord.Dirty)) == Control.PageWord.Dirty, "the page is still the pager's");
        Interlocked.Or(ref hostile.Control.Word(1), Control.PageWord.Busy);
        Thread waits = new(hostile.Persist);
        waits.Start();
        Task others = Task.Run(() =>
        {
            // For a while: nobody sees when the first request arrives.
            long start = Environment.TickCount64;
            for (int round = 0; round < 50 || Environment.TickCount64 - start < 500; round++)
            {
                other.Span(4096, 1)[0]++;
                other.Persist();
            }
        });
        bool isServed = await Task.WhenAny(others, Task.Delay(TimeSpan.FromSeconds(30))) == others;
        bool hasWaited = waits.IsAlive;
        Interlocked.And(ref hostile.Control.Word(1), ~Control.PageWord.Busy);
        waits.Join();
        Assert.True(isServed, "another's pages were not written back meanwhile");
        Assert.True(hasWaited, "the page that is owned was not waited for");
        Assert.Equal(0u, hostile.Control.Word(1) & Control.PageWord.Dirty);
    }

    [Fact]
    public async Task APagerThatDiesAsItTakesAConnection_IsNotTheLastToBeAsked()
    {
        string folder = Directory.CreateTempSubdirectory("physr-").FullName;
        string path = Path.Combine(folder, "pager.sock");
        Assert.Equal(Errno.None, DescriptorSocket.TryListen(path, 8, out DescriptorSocket? listener, out string reason));
        using (listener)
        {
            Task<DescriptorSocket> pagers = Task.Run(() =>
            {
                for (int dead = 0; dead < 3; dead++)
                {
                    Assert.Equal(Errno.None, listener!.TryAccept(out DescriptorSocket? taken));
                    taken!.Dispose();
                }

                Assert.Equal(Errno.None, listener!.TryAccept(out DescriptorSocket? served));
                MessageWriter hello = new(stackalloc byte[64], MessageKind.Hello);
                hello.Write(RegionSpec.Version);
                hello.Write(4321u);
                hello.Write("nowhere");
                _ = served!.TrySend(hello.Message, [], wait: true);
                return served;
            });
            Assert.Equal((Errno.None, ""), (PagerHost.TryConnect(path, out PagerHost? host, out reason), reason));
            Assert.Equal(4321, host!.ProcessId);
            host.Dispose();
            (await pagers).Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    [SkippableFact]
    public void TheSocketsFolderIsTheUsersAlone_AndGoesWithThePager()
    {
        PagerHost pager = Start();
        string folder = Path.GetDirectoryName(pager.SocketPath)!;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
        pager.Dispose();
        Assert.False(Directory.Exists(folder));
    }

    [SkippableFact]
    public void GarbageIsAnsweredOrCutOff_AndAnotherClientGoesOn()
    {
        using PagerHost pager = Start();
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager });
        Shadow shadow = new(region, seed: 70);
        int serving = region.Control.PagerId;
        Random random = new(71);
        byte[] buffer = new byte[8192];
        for (int round = 0; round < 40; round++)
        {
            Assert.Equal(Errno.None, DescriptorSocket.TryConnect(pager.SocketPath, out DescriptorSocket? socket, out string reason));
            using (socket)
            {
                for (int message = 0; message < 25; message++)
                {
                    int length = random.Next(1, random.Next(2) == 0 ? 64 : buffer.Length);
                    random.NextBytes(buffer.AsSpan(0, length));
                    buffer[0] = (byte)random.Next(10);
                    using SafeFileHandle wrong = File.OpenHandle("/dev/null");
                    SafeFileHandle[] descriptors = [.. Enumerable.Repeat(wrong, random.Next(8))];
                    _ = socket!.TrySend(buffer.AsSpan(0, length), descriptors, wait: false);
                }
            }

            shadow.Work(10);
        }

        shadow.Check();
        Assert.Equal(serving, region.Control.PagerId);
        Assert.Equal(0, region.Statistics.Takeovers);
    }

    [SkippableFact]
    public void ARegionThatLiesIsRefusedByName()
    {
        using PagerHost pager = Start();
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager });
        SafeFileHandle[] right = region.Descriptors;
        using SafeFileHandle nothing = File.OpenHandle("/dev/null");
        Refused(pager, Spec(900), [nothing, .. right[1..]], "/dev/null");
        Refused(pager, Spec(901), [right[0], nothing, .. right[2..]], "/dev/null");
        Refused(pager, Spec(902), [right[0], right[1], nothing, .. right[3..]], "/dev/null");
        Refused(pager, Spec(903), [right[0], right[1], right[2], nothing, right[4]], "/dev/null");
        Refused(pager, Spec(904), right[..2], "2 came");
        Refused(pager, Spec(905), [right[0], right[1], right[1], right[3], right[4]], "control file");
        Refused(pager, Spec(906) with { Length = Length * 2 }, right, "");
        Refused(pager, Spec(907) with { Length = 5 }, right, "in whole pages; it says 5");
        Refused(pager, Spec(908) with { BudgetPages = 0 }, right, "at least one page");
        Refused(pager, Spec(909) with { Address = 17 }, right, "address");
        Assert.Equal(Errno.ENOENT, pager.Ask(MessageKind.Persist, static (ref MessageWriter writer) => Range(ref writer, 77, 0, 1), [], out _, out _));
        Assert.Equal(Errno.EINVAL, pager.Ask(MessageKind.Persist, (ref MessageWriter writer) => Range(ref writer, region.Id, 30, ulong.MaxValue), [], out _, out _));
        new Shadow(region, seed: 72).Work(50);

        RegionSpec Spec(uint id) => new(id, Length, 0x7000_0000_0000, 8, 1, new StoreSpec(StoreKind.Memory, Length));
    }

    [SkippableFact]
    public void AClientThatScribblesOverWhatItShares_HarmsItselfAlone()
    {
        using PagerHost pager = Start();
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager });
        int serving = region.Control.PagerId;
        using Victim hostile = Victim.Start("scribble", $"connect={pager.SocketPath}", "seed=74", "ms=1500");
        using ShadowWork work = new(region, threads: 1, seed: 73, Touches.Random, burst: 5);
        work.Start();

        // Perhaps it dies of what it wrote (a page of its own that is marked as poisoned), perhaps a thread of its own waits for ever, and its collections with it.
        hostile.WaitForEnd(TimeSpan.FromSeconds(3));
        long before = work.Steps[0];
        PagerLine.WaitFor(() => work.Steps[0] > before + 50 || work.Failure is not null, "it does not go on");

        // It is gone with whatever it left, and the pager lets go of that.
        hostile.Kill();
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        region.Persist();
        output.WriteLine($"persist {System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms");
        before = work.Steps[0];
        PagerLine.WaitFor(() => work.Steps[0] > before + 50 || work.Failure is not null, "it does not go on");
        work.Stop();
        Assert.Null(work.Check());
        Assert.Equal(serving, region.Control.PagerId);
        Assert.Equal(0, region.Statistics.Takeovers);
        using DevicePrivateRegion another = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager });
        new Shadow(another, seed: 75).Work(50);
    }

    [SkippableFact]
    public void AClientThatDiesInTheMiddleOfWhatItSays_IsForgotten()
    {
        using PagerHost pager = Start();
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager });
        int serving = region.Control.PagerId;
        Shadow shadow = new(region, seed: 76);
        byte[] message = region.RegisterMessage(5);
        for (int cut = 1; cut < message.Length; cut += 7)
        {
            Assert.Equal(Errno.None, DescriptorSocket.TryConnect(pager.SocketPath, out DescriptorSocket? socket, out _));
            _ = socket!.TrySend(message.AsSpan(0, cut), region.Descriptors, wait: false);
            socket.Dispose();
            shadow.Work(3);
        }

        shadow.Check();
        Assert.Equal(serving, region.Control.PagerId);
    }

    [SkippableFact]
    public void AClientThatSaysThatItWaitsForEverything_TakesNoMemoryForItAndKeepsNobodyWaiting()
    {
        const ulong length = 1ul << 40;
        using PagerHost pager = Start();
        using DevicePrivateRegion huge = DevicePrivateRegion.Create(length, RegionStore.Memory(length), length, new() { Pager = pager });
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager });
        uint pages = (uint)(length / 4096);
        for (int ring = 0; ring < 8; ring++)
        {
            Assert.True(huge.Control.TryRing(0, pages, isAhead: false));
        }

        // The last page is asked for behind all of that, and a lease of it rings for the others as well.
        Shadow shadow = new(region, seed: 77);
        shadow.Work(200);
        using (ResidencyLease lease = huge.Acquire(length - 4096, 4096, LeaseAccess.Write))
        {
            lease.Span.Fill(9);
        }

        region.Persist();
        shadow.Check();
        int slot = 0;
        PagerLine.WaitFor(() => Enumerable.Range(0, Control.ControlLayout.Doorbells).All(_ => IsFree(huge, ref slot)), "doorbells are still taken");
        ulong words = 0;
        for (ulong from = 0; huge.Control.TryNextTouched(from, out ulong start, out ulong end); from = end)
        {
            words += end - start;
        }

        Assert.InRange(words, 1ul, 65_536ul);
    }

    [SkippableFact]
    public void AnotherUserIsTurnedAwayByTheFolder_ByTheLibrary_AndByThePager()
    {
        using Nobody nobody = new();
        using PagerHost pager = Start();
        using (Victim child = nobody.Start("stranger", $"connect={pager.SocketPath}"))
        {
            Assert.All(child.Finish(), static line => Assert.Contains("EACCES", line, StringComparison.Ordinal));
        }

        // Somebody opened the doors.
        File.SetUnixFileMode(Path.GetDirectoryName(pager.SocketPath)!, (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(pager.SocketPath, (UnixFileMode)0b111_111_111);
        using (Victim child = nobody.Start("stranger", $"connect={pager.SocketPath}"))
        {
            string[] lines = child.Finish();
            Assert.StartsWith("library EACCES ", lines[0], StringComparison.Ordinal);
            Assert.Contains("a pager serves its own user alone", lines[0], StringComparison.Ordinal);
            Assert.StartsWith("socket None", lines[1], StringComparison.Ordinal);
            Assert.Equal("pager None Reply EACCES this pager belongs to user 0; you are user 65534", lines[2]);
            Assert.Equal("then None 0", lines[3]);
        }
    }

    /// <summary>Whether the next of the doorbells is nobody's.</summary>
    private static unsafe bool IsFree(DevicePrivateRegion region, ref int slot)
    {
        // SAFETY: the header lies before the words, in the mapping of a region that lives.
        byte* header = (byte*)region.Control.WordAddress(0) - Control.ControlLayout.WordsAt;
        return Volatile.Read(ref *(int*)(header + Control.ControlLayout.DoorbellsAt + (slot++ % Control.ControlLayout.Doorbells * 16))) == 0;
    }

    private static PagerHost Start()
    {
        LiveSystem.Require();
        return PagerHost.Start();
    }

    private static void Refused(PagerHost pager, RegionSpec spec, SafeFileHandle[] descriptors, string expected)
    {
        Errno errno = pager.Ask(MessageKind.Register, (ref MessageWriter writer) => spec.Write(ref writer), descriptors, out _, out string reason);
        Assert.NotEqual(Errno.None, errno);
        Assert.Contains(expected, reason, StringComparison.Ordinal);
    }

    private static void Range(ref MessageWriter writer, uint region, ulong first, ulong count)
    {
        writer.Write(region);
        writer.Write(first);
        writer.Write(count);
    }
}
