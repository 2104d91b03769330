// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;

namespace Physr.Dma.Tests.Sharing;

public sealed class FenceTests
{
    private readonly DmaReservation _reservation = new("buffer");

    [Fact]
    public async Task AFenceIsSignalledOnce_AndWakesEveryWaiter()
    {
        DmaFence fence = new(DmaFence.NewContext(), 7);
        Task[] waiters = [Task.Run(() => fence.Wait()), Task.Run(() => fence.Wait())];
        int called = 0;
        Assert.Equal(Errno.None, fence.AddCallback(_ => called++));
        Assert.False(fence.IsSignalled);
        Assert.True(fence.TrySignal(Errno.EIO));
        Assert.False(fence.TrySignal());
        await Task.WhenAll(waiters);
        Assert.Equal(Errno.EIO, fence.Error);
        Assert.Equal(1, called);
        Assert.Equal(Errno.ENOENT, fence.AddCallback(_ => called++));
        Assert.Equal(1, called);
    }

    [Fact]
    public void ACallbackMayNotTakeAReservationLock()
    {
        DmaFence fence = new(DmaFence.NewContext(), 1);
        Errno errno = Errno.None;
        fence.AddCallback(_ => errno = Assert.Throws<PhysrException>(() => _reservation.Hold()).Errno);
        fence.TrySignal();
        Assert.Equal(Errno.EDEADLOCK, errno);
        using DmaReservationHold hold = _reservation.Hold();
    }

    [Fact]
    public void AWaitForOneUsageWaitsForThoseBeforeIt_AndNotForThoseAfter()
    {
        DmaFence write = Add(DmaFenceUsage.Write);
        DmaFence bookkeep = Add(DmaFenceUsage.Bookkeep);
        Assert.Null(_reservation.FindPending(DmaFenceUsage.Kernel));
        Assert.Same(write, _reservation.FindPending(DmaFenceUsage.Write));
        Assert.Same(write, _reservation.FindPending(DmaFenceUsage.Read));
        write.TrySignal();
        _reservation.Wait(DmaFenceUsage.Read);
        Assert.Same(bookkeep, _reservation.FindPending(DmaFenceUsage.Bookkeep));
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => _reservation.Wait(DmaFenceUsage.Bookkeep, source.Token));
        bookkeep.TrySignal();
        _reservation.Wait(DmaFenceUsage.Bookkeep);
        Assert.Equal(0, _reservation.PendingFences);
    }

    [Fact]
    public void ALaterFenceOfAContextTakesTheEarliersPlace()
    {
        ulong context = DmaFence.NewContext();
        Add(DmaFenceUsage.Write, new(context, 1));
        DmaFence later = Add(DmaFenceUsage.Write, new(context, 2));
        Add(DmaFenceUsage.Write);
        Assert.Equal(2, _reservation.PendingFences);
        Assert.Same(later, _reservation.FindPending(DmaFenceUsage.Write));
    }

    [Fact]
    public void RoomForAFenceIsMadeUnderTheLockItIsAddedUnder()
    {
        DmaFence fence = new(1, 1);
        Assert.Throws<PhysrException>(() => _reservation.ReserveFences(1));
        Assert.Throws<PhysrException>(() => _reservation.AddFence(fence, DmaFenceUsage.Read));
        using (_reservation.Hold())
        {
            Assert.Equal(Errno.None, _reservation.ReserveFences(1));
            Assert.True(_reservation.IsHeldByCurrentThread);
            Assert.False(_reservation.TryHold(out DmaReservationHold nothing));
            nothing.Dispose();
        }

        Assert.True(_reservation.TryHold(out DmaReservationHold hold));
        PhysrException lost = Record.Exception(() => _reservation.AddFence(fence, DmaFenceUsage.Read)) as PhysrException ?? throw new InvalidOperationException();
        Assert.Equal(Errno.EINVAL, lost.Errno);
        hold.Dispose();
        hold.Dispose();
        Assert.False(_reservation.IsHeldByCurrentThread);
    }

    private DmaFence Add(DmaFenceUsage usage, DmaFence? fence = null)
    {
        fence ??= new(DmaFence.NewContext(), 1);
        using DmaReservationHold hold = _reservation.Hold();
        Assert.Equal(Errno.None, _reservation.ReserveFences(1));
        _reservation.AddFence(fence, usage);
        return fence;
    }
}
