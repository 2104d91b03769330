// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;
using Physr.Memory;

namespace Physr.Dma.Sharing;

/// <summary>Lends slices of one device's BARs: 4 KiB-granular, tightly packed, without page descriptors (<c>VFIO_DEVICE_FEATURE_DMA_BUF</c>, section 1.7, rows R44, R68).
/// All that is lent is revoked while the device does not decode memory or is reset, and closed when the device goes.</summary>
/// <remarks>Thread-safe. One control lock serves all its buffers: an export, a change of memory decoding, a reset and the removal happen one after another.</remarks>
public sealed partial class BarSliceExporter
{
    private readonly IDmaMapper _mapper;
    private readonly IP2PRoutes _routes;
    private readonly BarSliceExporterOptions _options;
    private readonly Lock _control = new();

    // A leaf: guards the list alone, so that the last reference may go anywhere, in an importer's callback too.
    private readonly Lock _listLock = new();
    private readonly List<DmaBuf> _buffers = [];
    private bool _isMemoryEnabled;
    private bool _isRemoved;
    private int _lastNumber;

    /// <summary>Makes the exporter of a device that has lent nothing yet.</summary>
    /// <param name="device">The device's providers, one per memory BAR.</param>
    /// <param name="mapper">Maps for importers' devices.</param>
    /// <param name="routes">Says how those reach this device.</param>
    /// <param name="options">Choices; null is none.</param>
    public BarSliceExporter(P2PProviderSet device, IDmaMapper mapper, IP2PRoutes routes, BarSliceExporterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(mapper);
        ArgumentNullException.ThrowIfNull(routes);
        Device = device;
        _mapper = mapper;
        _routes = routes;
        _options = options ?? new();
        _isMemoryEnabled = _options.IsMemoryEnabled;
    }

    /// <summary>The device's providers.</summary>
    public P2PProviderSet Device { get; }

    /// <summary>Whether the device decodes memory.</summary>
    public bool IsMemoryEnabled => Volatile.Read(ref _isMemoryEnabled);

    /// <summary>What is lent now: buffers whose last reference has not gone.</summary>
    public IReadOnlyList<DmaBuf> Buffers
    {
        get
        {
            lock (_listLock)
            {
                return [.. _buffers];
            }
        }
    }

    /// <summary>Switches memory decoding. Off: everything lent is revoked first, with the promise of <see cref="DmaBuf.Revoke"/>. On: everything is given out again.</summary>
    /// <param name="isEnabled">The memory bit of the COMMAND register.</param>
    /// <param name="cancellationToken">Gives the waits up; everything lent is forbidden to be mapped then, and the call can be repeated.</param>
    /// <returns><see cref="Errno.ENODEV"/> once removed; <see cref="Errno.EBUSY"/> switching on after a revoke that was given up, which has to be repeated first.</returns>
    /// <exception cref="OperationCanceledException">A wait was given up: memory counts as switched off, but the promise does not hold.</exception>
    public Errno SetMemoryEnabled(bool isEnabled, CancellationToken cancellationToken = default)
    {
        using Lock.Scope control = EnterControl("switch memory decoding");
        Errno errno = Switch(isEnabled);
        if (errno == Errno.None)
        {
            ForEach(isEnabled ? RevocableOperation.Unrevoke : RevocableOperation.Revoke, cancellationToken);
        }

        return errno;
    }

    /// <summary>As <see cref="SetMemoryEnabled"/>, step by step and never waiting: for who runs importers and devices on the same thread.</summary>
    public BarSliceChange BeginMemoryEnabled(bool isEnabled) => new(this, isEnabled);

    /// <summary>Resets the device: revokes everything lent, resets, and gives it out again where memory is decoded (a function-level reset, a power state).</summary>
    /// <param name="reset">Resets; nothing lent is reached while it runs.</param>
    /// <param name="cancellationToken">Gives the waits up before the reset.</param>
    /// <returns><see cref="Errno.ENODEV"/> once removed.</returns>
    public Errno Reset(Action reset, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reset);
        using Lock.Scope control = EnterControl("reset");
        if (_isRemoved)
        {
            return Errno.ENODEV;
        }

        ForEach(RevocableOperation.Revoke, cancellationToken);
        reset();
        if (_isMemoryEnabled)
        {
            ForEach(RevocableOperation.Unrevoke, CancellationToken.None);
        }

        return Errno.None;
    }

    /// <summary>The device goes (its driver lets go, or it was pulled out): closes everything lent, then tears its providers down (row R43e). Idempotent.</summary>
    /// <param name="cancellationToken">Gives the waits up; nobody new is let in, and the call can be repeated.</param>
    /// <exception cref="OperationCanceledException">A wait was given up.</exception>
    public void Remove(CancellationToken cancellationToken = default)
    {
        using Lock.Scope control = EnterControl("remove");
        _isRemoved = true;
        ForEach(RevocableOperation.Close, cancellationToken);
        Device.Remove(cancellationToken);
    }

    /// <summary>Takes the control lock for a change and notes it; false where somebody holds the lock. It is held afterwards unless there is an error.</summary>
    internal bool TryBeginChange(bool isEnabled, out Errno errno)
    {
        errno = Errno.None;
        if (_control.IsHeldByCurrentThread || !_control.TryEnter())
        {
            return false;
        }

        errno = Switch(isEnabled);
        if (errno != Errno.None)
        {
            _control.Exit();
        }

        return true;
    }

    internal void EndChange() => _control.Exit();

    /// <summary>Notes what is decoded from here on: new buffers are made accordingly.</summary>
    private Errno Switch(bool isEnabled)
    {
        if (_isRemoved)
        {
            return Errno.ENODEV;
        }

        if (isEnabled && Buffers.Any(static buffer => buffer.State.Phase == RevocablePhase.Revoking))
        {
            return Errno.EBUSY;
        }

        Volatile.Write(ref _isMemoryEnabled, isEnabled);
        return Errno.None;
    }

    private Lock.Scope EnterControl(string operation)
    {
        if (_control.IsHeldByCurrentThread)
        {
            throw new PhysrException(operation, Device.Owner, Errno.EDEADLOCK, "this thread is in a revoke, an un-revoke or a close of the same device");
        }

        return _control.EnterScope();
    }

    /// <summary>Does one thing to every buffer. Where a wait is given up, the others are forbidden to be mapped too before that is said.</summary>
    private void ForEach(RevocableOperation operation, CancellationToken cancellationToken)
    {
        OperationCanceledException? canceled = null;
        List<Exception> thrown = [];
        foreach (DmaBuf buffer in Buffers)
        {
            try
            {
                // A buffer that was closed by itself stays so: its ENODEV is no failure of the device's.
                buffer.FinishUnderControl(operation, cancellationToken);
            }
            catch (OperationCanceledException given)
            {
                canceled = given;
            }
            catch (AggregateException importers)
            {
                thrown.AddRange(importers.InnerExceptions);
            }
        }

        if (canceled is not null)
        {
            throw new OperationCanceledException(canceled.Message, canceled, cancellationToken);
        }

        if (thrown.Count != 0)
        {
            throw new AggregateException($"{operation} of what {Device.Owner} lent is done, but importers threw when they were told.", thrown);
        }
    }

    private void Forget(DmaBuf buffer)
    {
        lock (_listLock)
        {
            _buffers.Remove(buffer);
        }
    }
}
