// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;
using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Tests.Sharing;

public sealed class RevokeTests
{
    private readonly SliceHost _host = new();
    private readonly DmaBuf _buffer;

    public RevokeTests() => _buffer = _host.Export(new BarSlice(0, 0x1000), new BarSlice(0x5000, 0x1000));

    [Fact]
    public void R69a_NoMappingSurvivesTheReturnOfARevoke()
    {
        TestImporter first = Mapped();
        TestImporter second = Mapped();
        Assert.Equal(2, _buffer.ActiveMappings);
        Assert.Equal(Errno.None, _buffer.Revoke());
        Assert.Equal(RevocablePhase.Revoked, _buffer.State.Phase);
        Assert.Equal(0, _buffer.ActiveMappings);
        Assert.Null(first.Mapping);
        Assert.Null(second.Mapping);
        Assert.Equal(0, _host.Providers.ActiveUses);
        Assert.Equal(Errno.ENODEV, first.Map()!.Errno);
        Assert.Equal(0, _buffer.ActiveMappings);
    }

    [Fact]
    public async Task R69a_RevokeWaitsForAnImporterThatUnmapsLater()
    {
        TestImporter importer = Mapped();
        importer.UnmapsWhenTold = false;
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        importer.OnTold = _ => told.TrySetResult();
        Task<Errno> revoke = Task.Run(() => _buffer.Revoke());
        await told.Task;
        Assert.False(revoke.IsCompleted);
        Assert.Equal(Errno.ENODEV, importer.Map()!.Errno);
        importer.Unmap();
        Assert.Equal(Errno.None, await revoke);
        Assert.Equal(0, _buffer.ActiveMappings);
    }

    [Fact]
    public async Task R69a_RevokeWaitsForTransfersInFlight_OfEveryUsage()
    {
        TestImporter importer = Mapped();
        DmaFence fence = new(DmaFence.NewContext(), 1);
        using (_buffer.Reservation.Hold())
        {
            Assert.Equal(Errno.None, _buffer.Reservation.ReserveFences(1));
            _buffer.Reservation.AddFence(fence, DmaFenceUsage.Bookkeep);
        }

        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        importer.OnTold = _ => told.TrySetResult();
        Task<Errno> revoke = Task.Run(() => _buffer.Revoke());
        await told.Task;
        Assert.Equal(RevocablePhase.Revoking, _buffer.State.Phase);
        Assert.False(revoke.IsCompleted);
        Assert.True(fence.TrySignal());
        Assert.Equal(Errno.None, await revoke);
        Assert.Equal(0, _buffer.Reservation.PendingFences);
    }

    [Fact]
    public void R69b_ASecondRevokeChangesNothing_AndTellsNobody()
    {
        TestImporter importer = Mapped();
        Assert.Equal(Errno.None, _buffer.Revoke());
        Assert.Equal(Errno.None, _buffer.Revoke());
        Assert.Equal(1, importer.Told);
        Assert.Equal(RevocablePhase.Revoked, _buffer.State.Phase);
    }

    [Fact]
    public async Task R69b_ASecondRevokeReturnsOnlyWhenTheFirstOnesPromiseHolds()
    {
        TestImporter importer = Mapped();
        importer.UnmapsWhenTold = false;
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        importer.OnTold = _ => told.TrySetResult();
        Task<Errno> first = Task.Run(() => _buffer.Revoke());
        await told.Task;
        Task<int> second = Task.Run(() =>
        {
            _buffer.Revoke();
            return _buffer.ActiveMappings;
        });
        Assert.False(second.IsCompleted);
        importer.Unmap();
        Assert.Equal(Errno.None, await first);
        Assert.Equal(0, await second);
        Assert.Equal(1, importer.Told);
    }

    [Fact]
    public void R69c_AfterAnUnrevokeImportersAreToldAndMapAnew()
    {
        TestImporter importer = Mapped();
        Assert.Equal(Errno.None, _buffer.Revoke());
        Assert.Equal(Errno.None, _buffer.Unrevoke());
        Assert.Equal(2, importer.Told);
        Assert.False(_buffer.IsRevoked);
        Assert.Null(importer.Mapping);
        Assert.Equal(0, _buffer.ActiveMappings);
        Assert.Null(importer.Map());
        Assert.Equal(1, _buffer.ActiveMappings);
        Assert.Equal(Errno.None, _buffer.Unrevoke());
        Assert.Equal(2, importer.Told);
        importer.Unmap();
        Assert.Equal(Errno.None, importer.Attachment!.TryDetach());
        _host.AssertNothingLeft(_buffer);
    }

    [Fact]
    public void R69d_ABufferMadeWhileMemoryIsNotDecodedIsRevokedFromTheStart()
    {
        SliceHost host = new(new() { IsMemoryEnabled = false });
        DmaBuf buffer = host.Export(new BarSlice(0, 0x1000));
        Assert.True(buffer.IsRevoked);
        TestImporter importer = new();
        Assert.Equal(Errno.ENODEV, importer.Attach(buffer, host.Direct));
        Assert.Equal(Errno.None, host.Exporter.SetMemoryEnabled(true));
        Assert.False(buffer.IsRevoked);
        Assert.Equal(Errno.None, importer.Attach(buffer, host.Direct));
        Assert.Null(importer.Map());
        Assert.Equal(Errno.None, host.Exporter.SetMemoryEnabled(false));
        Assert.Null(importer.Mapping);
        Assert.True(host.Export(new BarSlice(0, 0x1000)).IsRevoked);
        Assert.True(buffer.IsRevoked);
    }

    [Fact]
    public void R69e_AnImporterThatCannotGiveUpOrTakesNoPeerMemoryIsRefused()
    {
        Assert.Equal(Errno.EOPNOTSUPP, new TestImporter { CanInvalidateMappings = false }.Attach(_buffer, _host.Direct));
        Assert.Equal(Errno.EOPNOTSUPP, new TestImporter { AllowsPeerToPeer = false }.Attach(_buffer, _host.Direct));
        Assert.Equal(Errno.None, _buffer.Revoke());

        // What the importer lacks for good is said before what the buffer lacks for now.
        Assert.Equal(Errno.EOPNOTSUPP, new TestImporter { CanInvalidateMappings = false }.Attach(_buffer, _host.Direct));
        Assert.Equal(Errno.ENODEV, new TestImporter().Attach(_buffer, _host.Direct));
        _host.AssertNothingLeft(_buffer);
    }

    [Fact]
    public void R69_MappingWithoutTheReservationLockIsAMistake()
    {
        TestImporter importer = Mapped();
        DmaBufMapping mapping = importer.Mapping!;
        Assert.Equal(Errno.EINVAL, Assert.Throws<PhysrException>(() => importer.Attachment!.TryMap(DmaDirection.ToDevice, out _)).Errno);
        Assert.Equal(Errno.EINVAL, Assert.Throws<PhysrException>(() => importer.Attachment!.Unmap(mapping)).Errno);
        Assert.Equal(Errno.EINVAL, Assert.Throws<PhysrException>(() => importer.Attachment!.TryMapPrivate(out _)).Errno);
        importer.Unmap();
        Assert.Equal(Errno.EINVAL, Assert.Throws<PhysrException>(() => importer.Attachment!.UnmapUnlocked(mapping)).Errno);
        Assert.Equal(0, _buffer.ActiveMappings);
    }

    [Fact]
    public void R69_ACloseHasTheSamePromise_AndIsForGood()
    {
        TestImporter importer = Mapped();
        Assert.Equal(Errno.None, _buffer.Close());
        Assert.Null(importer.Mapping);
        Assert.True(_buffer.IsClosed);
        Assert.Equal(Errno.ENODEV, _buffer.Unrevoke());
        Assert.Equal(Errno.ENODEV, importer.Map()!.Errno);
        Assert.Equal(Errno.ENODEV, new TestImporter().Attach(_buffer, _host.Direct));
        Assert.Equal(Errno.None, _buffer.Close());
        Assert.Equal(Errno.None, _buffer.Revoke());
        Assert.Equal(1, importer.Told);
        Assert.Equal(Errno.None, importer.Attachment!.TryDetach());
        _host.AssertNothingLeft(_buffer);
    }

    [Fact]
    public void R69_ARevokeThatIsGivenUpLetsNobodyIn_AndCanBeRepeated()
    {
        TestImporter importer = Mapped();
        importer.UnmapsWhenTold = false;
        using CancellationTokenSource source = new();
        importer.OnTold = _ => source.Cancel();
        Assert.Throws<OperationCanceledException>(() => _buffer.Revoke(source.Token));
        Assert.Equal(new(RevocablePhase.Revoking, false, 1), _buffer.State);
        Assert.False(_buffer.Reservation.IsHeldByCurrentThread);
        Assert.Equal(Errno.ENODEV, importer.Map()!.Errno);
        Assert.Equal(Errno.EBUSY, _buffer.Unrevoke());
        importer.Unmap();
        Assert.Equal(Errno.None, _buffer.Revoke());
        Assert.Equal(Errno.None, _buffer.Unrevoke());
        Assert.Null(importer.Map());
    }

    [Fact]
    public void R69_ARevokeThatIsGivenUpWhileATransferIsInFlightGivesItsLocksBack()
    {
        TestImporter importer = Mapped();
        DmaFence fence = new(DmaFence.NewContext(), 1);
        using (_buffer.Reservation.Hold())
        {
            Assert.Equal(Errno.None, _buffer.Reservation.ReserveFences(1));
            _buffer.Reservation.AddFence(fence, DmaFenceUsage.Read);
        }

        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => _buffer.Revoke(source.Token));
        Assert.False(_buffer.Reservation.IsHeldByCurrentThread);
        Assert.Equal(Errno.EBUSY, _buffer.Unrevoke());
        fence.TrySignal();
        Assert.Equal(Errno.None, _buffer.Revoke());
        Assert.Equal(2, importer.Told);
    }

    [Fact]
    public void R69_AThreadThatHoldsWhatARevokeNeedsIsToldInsteadOfWaitingForEver()
    {
        TestImporter importer = Mapped();
        using (_buffer.Reservation.Hold())
        {
            Assert.Equal(Errno.EDEADLOCK, Assert.Throws<PhysrException>(() => _buffer.Revoke()).Errno);
            Assert.Equal(Errno.EDEADLOCK, Assert.Throws<PhysrException>(() => _buffer.Reservation.Hold()).Errno);
            Assert.Equal(Errno.EDEADLOCK, Assert.Throws<PhysrException>(() => importer.Attachment!.TryDetach()).Errno);
        }

        using (DmaFence.BeginSignalling())
        {
            Assert.Equal(Errno.EDEADLOCK, Assert.Throws<PhysrException>(() => _buffer.Revoke()).Errno);
            Assert.Equal(Errno.EDEADLOCK, Assert.Throws<PhysrException>(() => importer.Map()).Errno);
        }

        importer.OnTold = attachment =>
        {
            importer.OnTold = null;
            importer.InvalidateMappings(attachment);
            attachment.Buffer.Unrevoke();
        };
        AggregateException thrown = Assert.Throws<AggregateException>(() => _buffer.Revoke());
        Assert.Equal(Errno.EDEADLOCK, Assert.IsType<PhysrException>(Assert.Single(thrown.InnerExceptions)).Errno);
    }

    [Fact]
    public void R69_AnImporterThatThrowsDoesNotKeepOthersFromBeingTold()
    {
        TestImporter first = Mapped();
        TestImporter second = Mapped();
        first.OnTold = _ =>
        {
            first.OnTold = null;
            first.InvalidateMappings(first.Attachment!);
            throw new InvalidOperationException("mine");
        };
        AggregateException thrown = Assert.Throws<AggregateException>(() => _buffer.Revoke());
        Assert.Equal("mine", Assert.Single(thrown.InnerExceptions).Message);
        Assert.Null(second.Mapping);
        Assert.Equal(new(RevocablePhase.Revoked, false, 0), _buffer.State);
        Assert.Equal(Errno.None, _buffer.Unrevoke());
    }

    [Fact]
    public void R69_OnOneThreadARevokeIsAdvancedStepByStep()
    {
        TestImporter importer = Mapped();
        importer.UnmapsWhenTold = false;
        DmaFence fence = new(DmaFence.NewContext(), 1);
        using (_buffer.Reservation.Hold())
        {
            Assert.Equal(Errno.None, _buffer.Reservation.ReserveFences(1));
            _buffer.Reservation.AddFence(fence, DmaFenceUsage.Write);
        }

        DmaBufOperation revoke = _buffer.Begin(RevocableOperation.Revoke);
        Assert.False(revoke.TryAdvance());
        Assert.Equal(RevocableStep.AwaitFences, revoke.Step);
        Assert.Equal(1, importer.Told);
        Assert.False(_buffer.Reservation.TryHold(out _));
        fence.TrySignal();
        Assert.False(revoke.TryAdvance());
        Assert.Equal(RevocableStep.AwaitDrain, revoke.Step);

        // A second one waits for the first, on the same thread too.
        DmaBufOperation unrevoke = _buffer.Begin(RevocableOperation.Unrevoke);
        Assert.False(unrevoke.TryAdvance());
        Assert.Equal(RevocableStep.TakeControl, unrevoke.Step);
        importer.Unmap();
        Assert.True(revoke.TryAdvance());
        Assert.True(revoke.IsOver);
        Assert.True(unrevoke.TryAdvance());
        Assert.Equal(Errno.None, unrevoke.Errno);
        Assert.False(_buffer.IsRevoked);
    }

    [Fact]
    public void R43e_R69_TheDeviceGoesOnlyWhenNothingOfItIsMapped()
    {
        TestImporter importer = Mapped();
        _host.Exporter.Remove();
        Assert.Null(importer.Mapping);
        Assert.Null(_host.Providers.Provider(0));
        Assert.True(_buffer.IsClosed);
        Assert.Equal(Errno.ENODEV, importer.Map()!.Errno);
        Assert.Equal(Errno.None, importer.Attachment!.TryDetach());
        _host.AssertNothingLeft(_buffer);
    }

    [Fact]
    public void R69_AResetHappensWhileNothingIsMapped_AndGivesOutAgain()
    {
        TestImporter importer = Mapped();
        int mappings = -1;
        bool wasRevoked = false;
        Assert.Equal(Errno.None, _host.Exporter.Reset(() => (mappings, wasRevoked) = (_buffer.ActiveMappings, _buffer.IsRevoked)));
        Assert.Equal(0, mappings);
        Assert.True(wasRevoked);
        Assert.False(_buffer.IsRevoked);
        Assert.Null(importer.Map());

        // Without memory decoding the reset leaves everything revoked.
        Assert.Equal(Errno.None, _host.Exporter.SetMemoryEnabled(false));
        Assert.Equal(Errno.None, _host.Exporter.Reset(static () => { }));
        Assert.True(_buffer.IsRevoked);
        DmaBuf other = _host.Export(new BarSlice(0, 0x1000));
        Assert.Equal(Errno.None, other.Close());
        Assert.Equal(Errno.None, _host.Exporter.SetMemoryEnabled(true));
        Assert.False(_buffer.IsRevoked);
        Assert.True(other.IsRevoked);
    }

    [Fact]
    public void R69_DetachingWhileMappedIsRefused_AndReferencesAreZeroSum()
    {
        TestImporter importer = Mapped();
        Assert.Equal(2, _buffer.References);
        Assert.Equal(Errno.EBUSY, importer.Attachment!.TryDetach());
        importer.Unmap();
        Assert.Equal(Errno.None, importer.Attachment.TryDetach());
        Assert.Equal(Errno.None, importer.Attachment.TryDetach());
        Assert.Equal(Errno.EINVAL, importer.Map()!.Errno);
        _host.AssertNothingLeft(_buffer);
        Assert.Throws<PhysrException>(_buffer.Release);
        Assert.Throws<PhysrException>(_buffer.AddReference);
        Assert.Equal(0, _buffer.References);
    }

    private TestImporter Mapped()
    {
        TestImporter importer = new();
        Assert.Equal(Errno.None, importer.Attach(_buffer, _host.Direct));
        Assert.Null(importer.Map());
        return importer;
    }
}
