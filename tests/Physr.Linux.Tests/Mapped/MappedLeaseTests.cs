// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers;
using Physr.Linux.Mapped;

namespace Physr.Linux.Tests.Mapped;

/// <summary>Bytes stay as long as somebody has a lease on them, and not longer.</summary>
public sealed class MappedLeaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void APageGoesWithTheLastLease_NotWithTheMapping()
    {
        string path = Make(8192);
        MappedMemory memory = MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite });
        MappedView first = memory.View(0, 4096);
        MappedView second = memory.View(4096, 4096);
        MemoryHandle pin = second.Memory.Pin();
        Assert.Equal(3, memory.Leases);
        memory.Dispose();
        memory.Dispose();
        first.Span.Fill(1);
        Assert.Equal((1, 1), (SelfMaps.Count(path), SelfMaps.Descriptors(path)));
        first.Dispose();
        first.Dispose();
        second.Span.Fill(2);
        using (second.Memory.Pin())
        {
            second.Dispose();
        }

        Assert.Equal((1, 1), (SelfMaps.Count(path), memory.Leases));
        Write(pin, 3);
        pin.Dispose();
        Assert.Equal((0, 0, 0), (SelfMaps.Count(path), SelfMaps.Descriptors(path), memory.Leases));
        Assert.Equal([1, 3], (byte[])[File.ReadAllBytes(path)[0], File.ReadAllBytes(path)[4096]]);
    }

    [Fact]
    public void AfterDisposalEveryNewUseIsRefused_AlsoWhileViewsAreOut()
    {
        MappedMemory memory = MappedMemory.Open(Make(8192), new() { Access = MappedAccess.ReadWrite });
        Memory<byte> bytes = memory.AsMemory(10, 20);
        using MappedView view = memory.View(0, 10);
        memory.Dispose();
        foreach (Func<object> use in (Func<object>[])
        [
            () => memory.Span(0, 1).Length, () => memory.ReadOnlySpan(0, 1).Length, () => memory.Window(0, 1).Length, () => memory.ReadOnlyWindow(0, 1).Length, () => memory.View(0, 1),
            () => memory.AsMemory(0, 1), () => bytes.Span.Length, () => bytes.Pin(), () => memory.TryPersist(0, 1, out _), () => memory.TryResize(1, out _), () => memory.TryLock(0, 1, out _),
            () => memory.TryPopulate(0, 1, true, out _), () => memory.TryDiscard(0, 4096, out _), () => memory.TryCopyTo(0, new byte[1].AsSpan(), out _, out _), () => memory.TryCountResident(0, 1, out _, out _),
        ])
        {
            Assert.Contains("the mapping was disposed of", Assert.Throws<ObjectDisposedException>(use).Message, StringComparison.Ordinal);
        }

        Assert.Equal(10, view.Span.Length);
        Memory<byte> viewed = view.Memory;
        Assert.Equal(10, viewed.Span.Length);
        view.Dispose();
        foreach (Func<object> use in (Func<object>[])[() => view.Span.Length, () => view.ReadOnlySpan.Length, () => view.Window.Length, () => view.ReadOnlyWindow.Length, () => view.Memory, () => viewed.Span.Length, () => viewed.Pin()])
        {
            Assert.Throws<ObjectDisposedException>(use);
        }
    }

    [Fact]
    public void AViewThatIsGoneIsGone_ThoughItsMappingIsThere()
    {
        using MappedMemory memory = MappedMemory.Open(Make(4096), new() { Access = MappedAccess.ReadWrite });
        MappedView view = memory.View(0, 4096);
        Memory<byte> bytes = view.Memory;
        view.Dispose();
        Assert.Throws<ObjectDisposedException>(() => bytes.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => view.ReadOnlyMemory);
        Assert.Equal(0, memory.Leases);
    }

    [Fact]
    public void AHandleThatWasCopiedGivesBackNoMoreThanWasTaken()
    {
        using MappedMemory memory = MappedMemory.Open(Make(4096), new() { Access = MappedAccess.ReadWrite });
        using MappedView view = memory.View(0, 4096);
        MemoryHandle pin = memory.AsMemory(0, 4096).Pin();
        MemoryHandle copy = pin;
        pin.Dispose();
        copy.Dispose();
        Assert.Equal(1, memory.Leases);
    }

    [Fact]
    public unsafe void APinPointsAtItsElement()
    {
        using MappedMemory memory = MappedMemory.Open(Make(4096), new() { Access = MappedAccess.ReadWrite });
        using MappedView view = memory.View(100, 50);
        using MemoryHandle whole = view.Memory.Pin();
        using MemoryHandle part = view.Memory[10..].Pin();
        Assert.Equal((view.Address, view.Address + 10), ((nint)whole.Pointer, (nint)part.Pointer));
    }

    [Fact]
    public void LeasesAreCountedRight_WhateverTheOrderOfThreads()
    {
        string path = Make(64 * 4096);
        for (int round = 0; round < 20; round++)
        {
            MappedMemory memory = MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite, Length = 4096 });
            using Barrier start = new(4);
            Thread[] threads = [.. Enumerable.Range(0, 4).Select(number => new Thread(() => Use(memory, number, start)))];
            Array.ForEach(threads, static thread => thread.Start());
            Array.ForEach(threads, static thread => thread.Join());
            Assert.Equal((0, 0, 0), (memory.Leases, SelfMaps.Count(path), SelfMaps.Descriptors(path)));
        }

        static void Use(MappedMemory memory, int number, Barrier start)
        {
            start.SignalAndWait();
            try
            {
                for (int turn = 0; turn < 300; turn++)
                {
                    if (number == 0)
                    {
                        _ = memory.TryResize((nuint)(1 + (turn % 64)) * 4096, out _);
                        if (turn == 250)
                        {
                            memory.Dispose();
                        }

                        continue;
                    }

                    using MappedView view = memory.View(0, 4096);
                    view.Span[number] = (byte)turn;
                    using MemoryHandle pin = view.Memory.Pin();
                    Assert.Equal((byte)turn, view.ReadOnlySpan[number]);
                }
            }
            catch (ObjectDisposedException)
            {
                // Thread 0 was done first.
            }
        }
    }

    [Fact]
    public void WhatIsForgottenGoesWithAGarbageCollection()
    {
        string path = Make(4096);
        Forget(path);
        for (int turn = 0; turn < 20 && SelfMaps.Count(path) != 0; turn++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal((0, 0), (SelfMaps.Count(path), SelfMaps.Descriptors(path)));

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static void Forget(string path) => Assert.Equal(4096, MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite }).View(0, 4096).Span.Length);
    }

    [Fact]
    public void HotCallsAllocateNothing()
    {
        using MappedMemory memory = MappedMemory.CreateInMemory("physr-hot", new() { Access = MappedAccess.ReadWrite, Length = 1 << 16 });
        using MappedView view = memory.View(0, 4096);
        byte[] bytes = new byte[100];
        Errno all = Errno.None;
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            memory.Span(0, 100)[0] = view.Window[5];
            memory.AsMemory(0, 100).Span.Clear();
            view.Memory.Pin().Dispose();
            all |= memory.TryPersist(0, 100, out _);
            all |= memory.TryPopulate(0, 100, true, out _);
            all |= memory.TryCopyTo(0, bytes.AsSpan(), out _, out _);
            all |= memory.TryCopyFrom(bytes.AsSpan(), 0, out _, out _);
        }));
        Assert.Equal(Errno.None, all);
    }

    private static unsafe void Write(MemoryHandle pin, byte value) => *(byte*)pin.Pointer = value;

    private string Make(int length)
    {
        string path = _folder.File(Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(path, new byte[length]);
        return path;
    }
}
