// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme.Host;

/// <summary>A polling NVMe driver: brings a controller up, splits requests into commands, describes their data with PRPs or SGLs, and brings every request to an
/// end, by completion, abort or reset.</summary>
/// <remarks>Single-threaded. Queues and list pages are taken once, at start; submitting and polling allocate nothing. Buffers of a request may be reused when its
/// result has been given: a command that does not end is aborted, and if that does not help, the controller is reset first.</remarks>
public sealed partial class NvmeDriver : IDisposable
{
    private const int AdminQueueSize = 32;

    private readonly IDeviceHost _host;
    private readonly NvmeDriverOptions _options;
    private readonly List<NvmeNamespaceInfo> _namespaces = [];
    private readonly List<QueuePair> _queues = [];
    private IDeviceBuffer? _page;
    private QueuePair? _admin;
    private NvmeControllerInfo? _controller;
    private ControllerCapabilities _capabilities;
    private NvmeDataPointers _pointers;
    private ulong _maxTransfer;
    private bool _disposed;

    private NvmeDriver(IDeviceHost host, NvmeDriverOptions options)
    {
        _host = host;
        _options = options;
        _requests = new Request[options.MaxRequests];
        _pending = new IndexRing(options.MaxRequests);
        _finished = new IndexRing(options.MaxRequests);
        _freeRequests = new IndexRing(options.MaxRequests);
        for (int i = 0; i < options.MaxRequests; i++)
        {
            _freeRequests.Push(i);
        }
    }

    /// <summary>What the controller told of itself.</summary>
    public NvmeControllerInfo Controller => _controller ?? throw new InvalidOperationException("The driver was not started.");

    /// <summary>The active namespaces.</summary>
    public IReadOnlyList<NvmeNamespaceInfo> Namespaces => _namespaces;

    /// <summary>I/O queue pairs in use.</summary>
    public int QueuePairs => _queues.Count;

    /// <summary>Most bytes in one command.</summary>
    public ulong MaxTransferBytes => _maxTransfer;

    /// <summary>Why the controller is lost for good; None while it works.</summary>
    public Errno Failure { get; private set; }

    /// <summary>How often the controller was reset to end commands.</summary>
    public int Resets { get; private set; }

    /// <summary>Brings a controller up: reset, admin queue, Identify, I/O queues (section 3.5.1).</summary>
    /// <param name="host">The controller's host.</param>
    /// <param name="options">How to drive it.</param>
    /// <param name="driver">The driver; null on failure, and everything is given back then.</param>
    /// <returns>None, ENODEV (nothing answers), ETIMEDOUT (a handshake or command did not end), EIO (the controller failed, or refused a command that it must take),
    /// EOPNOTSUPP (no NVM command set, no 4 KiB pages, or SGLs demanded and missing), or what <see cref="IDeviceHost.TryAllocate"/> says: ENOMEM, or that the
    /// controller cannot reach the host's memory.</returns>
    /// <exception cref="PhysrException">The options are none that a driver could have.</exception>
    public static Errno Start(IDeviceHost host, NvmeDriverOptions options, out NvmeDriver? driver)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(options);
        bool isSane = options is { QueuePairs: >= 1, QueueDepth: >= 1 and < 65535, MaxRequests: >= 1 } && options.MaxTransferBytes >= PageSize.Size4K
            && options.MaxTransferBytes % PageSize.Size4K == 0;
        if (!isSane)
        {
            throw new PhysrException("start NVMe driver", "options", Errno.EINVAL, "queue pairs, depth and requests are at least 1; transfers a multiple of 4 KiB");
        }

        NvmeDriver starting = new(host, options);
        Errno errno = starting.BringUp();
        if (errno != Errno.None)
        {
            starting.Abandon(errno);
        }

        driver = errno == Errno.None ? starting : null;
        return errno;
    }

    /// <summary>Maps the controller memory buffer to bus addresses, so that the controller knows them for its own (CMBMSC; section 8.5).</summary>
    /// <param name="busAddress">The first byte of the buffer's BAR as commands will name it.</param>
    /// <param name="buffer">The buffer; null on failure.</param>
    /// <returns>None, EOPNOTSUPP (there is none) or EINVAL (the address does not fit).</returns>
    public Errno MapMemoryBuffer(DmaAddress busAddress, out NvmeMemoryBuffer? buffer)
    {
        buffer = null;
        if (!_capabilities.HasMemoryBuffer)
        {
            return Errno.EOPNOTSUPP;
        }

        _host.WriteRegister64(NvmeRegister.Bar, NvmeRegister.CMBMSC, MemoryBufferRegisters.CapabilitiesEnabled);
        uint location = _host.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CMBLOC);
        uint size = _host.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CMBSZ);
        ulong offset = MemoryBufferRegisters.Offset(location, size);
        if (MemoryBufferRegisters.Bytes(size) == 0 || !busAddress.TryAdd(offset, out DmaAddress start) || !start.IsAligned(PageSize.Size4K))
        {
            return Errno.EINVAL;
        }

        _host.WriteRegister64(NvmeRegister.Bar, NvmeRegister.CMBMSC, start.Value | MemoryBufferRegisters.CapabilitiesEnabled | MemoryBufferRegisters.MemorySpaceEnabled);
        if ((_host.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CMBSTS) & MemoryBufferRegisters.BaseAddressInvalid) != 0)
        {
            _host.WriteRegister64(NvmeRegister.Bar, NvmeRegister.CMBMSC, MemoryBufferRegisters.CapabilitiesEnabled);
            return Errno.EINVAL;
        }

        buffer = new(
            MemoryBufferRegisters.Bar(location),
            offset,
            MemoryBufferRegisters.Bytes(size),
            (size & MemoryBufferRegisters.SupportsReadData) != 0,
            (size & MemoryBufferRegisters.SupportsWriteData) != 0);
        return Errno.None;
    }

    /// <summary>The namespace of an NSID; null where there is none.</summary>
    public NvmeNamespaceInfo? FindNamespace(uint id)
    {
        foreach (NvmeNamespaceInfo ns in _namespaces)
        {
            if (ns.Id == id)
            {
                return ns;
            }
        }

        return null;
    }

    /// <summary>Deletes the queues, shuts the controller down (section 3.6.1), disables it and gives all memory back. Requests that are still outstanding end without
    /// a result.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (Failure == Errno.None)
        {
            DeleteQueues();
            ShutDown();
        }

        Disable();
        foreach (QueuePair queue in _queues)
        {
            queue.Dispose();
        }

        _queues.Clear();
        _admin?.Dispose();
        _page?.Dispose();
    }

    /// <summary>Gives everything back without asking the controller to end in order.</summary>
    private void Abandon(Errno why)
    {
        Failure = why;
        Dispose();
    }
}
