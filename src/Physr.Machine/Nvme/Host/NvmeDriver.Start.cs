// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Text;
using Physr.Machine.Nvme.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Nvme.Host;

/// <content>Bring-up and tear-down.</content>
public sealed partial class NvmeDriver
{
    private const uint ContiguousQueue = 1;
    private const uint InterruptsEnabled = 2;

    // CAP.TO counts 500 ms.
    private SimTime HandshakeTimeout => SimTime.FromNanoseconds(500_000_000UL * (ulong)Math.Max(_capabilities.TimeoutHalfSeconds, 1));

    private Errno BringUp()
    {
        _capabilities = new(_host.ReadRegister64(NvmeRegister.Bar, NvmeRegister.CAP));
        if (_capabilities.Value == ulong.MaxValue)
        {
            return Errno.ENODEV;
        }

        if (!_capabilities.HasNvmCommandSet || _capabilities.MinPageSize > PageSize.Size4K || _capabilities.DoorbellStride != sizeof(uint))
        {
            return Errno.EOPNOTSUPP;
        }

        Errno errno = _host.TryAllocate(PageSize.Size4K, "NVMe identify page", out _page);
        errno = errno != Errno.None ? errno : QueuePair.TryCreate(_host, 0, AdminQueueSize, listBytes: 0, out _admin);
        errno = errno != Errno.None ? errno : Enable();
        errno = errno != Errno.None ? errno : IdentifyController();
        errno = errno != Errno.None ? errno : IdentifyNamespaces();
        errno = errno != Errno.None ? errno : AllocateQueues();
        return errno != Errno.None ? errno : CreateQueues();
    }

    private Errno Enable()
    {
        Errno errno = Disable();
        if (errno != Errno.None)
        {
            return errno;
        }

        _admin!.Clear();
        const uint sizes = (AdminQueueSize - 1) | (AdminQueueSize - 1) << 16;
        _host.WriteRegister32(NvmeRegister.Bar, NvmeRegister.AQA, sizes);
        _host.WriteRegister64(NvmeRegister.Bar, NvmeRegister.ASQ, _admin.SubmissionAddress.Value);
        _host.WriteRegister64(NvmeRegister.Bar, NvmeRegister.ACQ, _admin.CompletionAddress.Value);
        _host.WriteRegister32(NvmeRegister.Bar, NvmeRegister.CC, ControllerConfiguration.Standard.Value);
        return WaitForStatus(static status => status.IsReady, failsWhenFatal: true);
    }

    private Errno Disable()
    {
        ControllerConfiguration configuration = new(_host.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CC));
        if (configuration.Value == uint.MaxValue)
        {
            return Errno.ENODEV;
        }

        if (configuration.IsEnabled)
        {
            _host.WriteRegister32(NvmeRegister.Bar, NvmeRegister.CC, 0);
        }

        return WaitForStatus(static status => !status.IsReady, failsWhenFatal: false);
    }

    private void ShutDown()
    {
        _host.WriteRegister32(NvmeRegister.Bar, NvmeRegister.CC, ControllerConfiguration.Standard.WithShutdown(1).Value);
        WaitForStatus(static status => status.ShutdownStatus == 2, failsWhenFatal: true);
    }

    private Errno WaitForStatus(Func<ControllerStatus, bool> isReached, bool failsWhenFatal)
    {
        SimTime deadline = _host.Now.Add(HandshakeTimeout);
        while (true)
        {
            ControllerStatus status = new(_host.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CSTS));
            if (status.IsGone)
            {
                return Errno.ENODEV;
            }

            if (isReached(status))
            {
                return Errno.None;
            }

            if (failsWhenFatal && status.IsFatal)
            {
                return Errno.EIO;
            }

            if (!_host.Step() || _host.Now.CompareTo(deadline) > 0)
            {
                return Errno.ETIMEDOUT;
            }
        }
    }

    private Errno IdentifyController()
    {
        Errno errno = Identify(IdentifyStructure.Controller, 0);
        if (errno != Errno.None)
        {
            return errno;
        }

        Span<byte> page = _page!.Bytes;
        int shift = page[IdentifyLayout.CtrlMdts];
        uint sgls = BinaryPrimitives.ReadUInt32LittleEndian(page[IdentifyLayout.CtrlSgls..]);
        _controller = new(
            Text(page.Slice(IdentifyLayout.CtrlSerial, IdentifyLayout.CtrlSerialLength)),
            Text(page.Slice(IdentifyLayout.CtrlModel, IdentifyLayout.CtrlModelLength)),
            Text(page.Slice(IdentifyLayout.CtrlFirmware, IdentifyLayout.CtrlFirmwareLength)),
            shift is 0 or > 40 ? 0 : _capabilities.MinPageSize << shift,
            (sgls & 3) == 1,
            _capabilities.HasMemoryBuffer);
        if (_options.DataPointers == NvmeDataPointers.Sgl && !_controller.SupportsSgl)
        {
            return Errno.EOPNOTSUPP;
        }

        _pointers = _controller.SupportsSgl ? _options.DataPointers : NvmeDataPointers.Prp;
        _maxTransfer = _controller.MaxTransferBytes == 0 ? _options.MaxTransferBytes : Math.Min(_options.MaxTransferBytes, _controller.MaxTransferBytes);
        return Errno.None;

        static string Text(ReadOnlySpan<byte> field) => Encoding.ASCII.GetString(field).TrimEnd(' ', '\0');
    }

    private Errno IdentifyNamespaces()
    {
        uint[] ids = new uint[IdentifyLayout.Size / sizeof(uint)];
        uint last = 0;
        while (true)
        {
            Errno errno = Identify(IdentifyStructure.ActiveNamespaces, last);
            if (errno != Errno.None)
            {
                return errno;
            }

            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(_page!.Bytes[..IdentifyLayout.Size]).CopyTo(ids);
            foreach (uint id in ids)
            {
                if (id == 0)
                {
                    return Errno.None;
                }

                if (id <= last)
                {
                    return Errno.EIO; // not ascending: the list would never end
                }

                last = id;
                errno = IdentifyNamespace(id);
                if (errno != Errno.None)
                {
                    return errno;
                }
            }
        }
    }

    private Errno IdentifyNamespace(uint id)
    {
        Errno errno = Identify(IdentifyStructure.Namespace, id);
        if (errno != Errno.None)
        {
            return errno;
        }

        ReadOnlySpan<byte> page = _page!.Bytes;
        int format = page[IdentifyLayout.NsFormatted] & 0xF;
        int shift = page[IdentifyLayout.NsFormats + (4 * format) + 2];
        ulong blocks = BinaryPrimitives.ReadUInt64LittleEndian(page);
        if (shift is < 9 or > 16 || blocks > ulong.MaxValue >> shift)
        {
            return Errno.EIO;
        }

        _namespaces.Add(new(id, blocks, 1 << shift, (page[IdentifyLayout.NsAttributes] & 1) != 0));
        return Errno.None;
    }

    private Errno Identify(IdentifyStructure structure, uint namespaceId)
    {
        SubmissionEntry entry = new()
        {
            Cdw0 = SubmissionEntry.Command((byte)AdminOpcode.Identify, 0),
            NamespaceId = namespaceId,
            Prp1 = _page!.Address.Value,
            Cdw10 = (byte)structure,
        };
        return Admin(entry, out _, out _);
    }

    private Errno AllocateQueues()
    {
        uint wanted = (uint)_options.QueuePairs - 1;
        SubmissionEntry entry = new()
        {
            Cdw0 = SubmissionEntry.Command((byte)AdminOpcode.SetFeatures, 0),
            Cdw10 = (byte)FeatureId.NumberOfQueues,
            Cdw11 = wanted | wanted << 16,
        };
        Errno errno = Admin(entry, out uint granted, out _);
        if (errno != Errno.None)
        {
            return errno;
        }

        int pairs = (int)Math.Min((uint)_options.QueuePairs, Math.Min(granted & 0xFFFF, granted >> 16) + 1);
        int size = Math.Min(_options.QueueDepth + 1, _capabilities.MaxQueueEntries);
        for (int id = 1; id <= pairs; id++)
        {
            errno = QueuePair.TryCreate(_host, id, size, DataPointerWriter.ListBytes(_maxTransfer), out QueuePair? queue);
            if (errno != Errno.None)
            {
                return errno;
            }

            _queues.Add(queue!);
        }

        return Errno.None;
    }

    private Errno CreateQueues()
    {
        foreach (QueuePair queue in _queues)
        {
            uint idAndSize = (uint)queue.Id | (uint)(queue.Size - 1) << 16;
            SubmissionEntry completion = new()
            {
                Cdw0 = SubmissionEntry.Command((byte)AdminOpcode.CreateCompletionQueue, 0),
                Prp1 = queue.CompletionAddress.Value,
                Cdw10 = idAndSize,
                Cdw11 = ContiguousQueue | (_options.UseInterrupts ? InterruptsEnabled | (uint)queue.Id << 16 : 0),
            };
            SubmissionEntry submission = new()
            {
                Cdw0 = SubmissionEntry.Command((byte)AdminOpcode.CreateSubmissionQueue, 0),
                Prp1 = queue.SubmissionAddress.Value,
                Cdw10 = idAndSize,
                Cdw11 = ContiguousQueue | (uint)queue.Id << 16,
            };
            Errno errno = Admin(completion, out _, out _);
            errno = errno != Errno.None ? errno : Admin(submission, out _, out _);
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        return Errno.None;
    }

    private void DeleteQueues()
    {
        foreach (QueuePair queue in _queues)
        {
            SubmissionEntry submission = new() { Cdw0 = SubmissionEntry.Command((byte)AdminOpcode.DeleteSubmissionQueue, 0), Cdw10 = (uint)queue.Id };
            SubmissionEntry completion = new() { Cdw0 = SubmissionEntry.Command((byte)AdminOpcode.DeleteCompletionQueue, 0), Cdw10 = (uint)queue.Id };
            if (Admin(submission, out _, out _) != Errno.None || Admin(completion, out _, out _) != Errno.None)
            {
                return; // disabling the controller ends the queues as well
            }
        }
    }
}
