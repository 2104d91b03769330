// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <content>The properties and the enable, disable and shutdown handshakes.</content>
public sealed partial class NvmeController
{
    private const uint SpecificationVersion = 0x0002_0000;

    private ControllerConfiguration _cc;
    private uint _csts;
    private uint _interruptMask;
    private uint _adminAttributes;
    private ulong _adminSubmission;
    private ulong _adminCompletion;
    private ulong _cmbControl;

    private bool IsRunning => (_csts & (ControllerStatus.ReadyBit | ControllerStatus.FatalBit)) == ControllerStatus.ReadyBit;

    /// <inheritdoc/>
    public override void ReadRegister(int bar, ulong offset, Span<byte> destination)
    {
        destination.Clear();
        if (bar != 0)
        {
            return;
        }

        Span<byte> word = stackalloc byte[sizeof(uint)];
        while (!destination.IsEmpty)
        {
            int skip = (int)(offset & 3);
            int count = Math.Min(sizeof(uint) - skip, destination.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(word, ReadWord(offset & ~3UL));
            word.Slice(skip, count).CopyTo(destination);
            destination = destination[count..];
            offset += (uint)count;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Only aligned writes of whole 32-bit words count; the specification leaves others undefined, and here they do nothing.</remarks>
    public override void WriteRegister(int bar, ulong offset, ReadOnlySpan<byte> source)
    {
        if (bar != 0 || offset % sizeof(uint) != 0 || source.Length % sizeof(uint) != 0)
        {
            return;
        }

        for (; !source.IsEmpty; source = source[sizeof(uint)..], offset += sizeof(uint))
        {
            WriteWord(offset, BinaryPrimitives.ReadUInt32LittleEndian(source));
        }
    }

    private uint ReadWord(ulong offset)
    {
        bool tellsBuffer = _cmb is not null && (_cmbControl & MemoryBufferRegisters.CapabilitiesEnabled) != 0;
        return offset switch
        {
            NvmeRegister.CAP => (uint)Capabilities.Value,
            NvmeRegister.CAP + 4 => (uint)(Capabilities.Value >> 32),
            NvmeRegister.VS => SpecificationVersion,
            NvmeRegister.INTMS or NvmeRegister.INTMC => _interruptMask,
            NvmeRegister.CC => _cc.Value,
            NvmeRegister.CSTS => _csts,
            NvmeRegister.AQA => _adminAttributes,
            NvmeRegister.ASQ => (uint)_adminSubmission,
            NvmeRegister.ASQ + 4 => (uint)(_adminSubmission >> 32),
            NvmeRegister.ACQ => (uint)_adminCompletion,
            NvmeRegister.ACQ + 4 => (uint)(_adminCompletion >> 32),
            NvmeRegister.CMBLOC => tellsBuffer ? MemoryBufferRegisters.Location(_options.MemoryBufferBar) : 0,
            NvmeRegister.CMBSZ => tellsBuffer ? MemoryBufferRegisters.Size(_options.MemoryBufferBytes) : 0,
            NvmeRegister.CMBMSC => (uint)_cmbControl,
            NvmeRegister.CMBMSC + 4 => (uint)(_cmbControl >> 32),
            NvmeRegister.CMBSTS => IsBufferBaseInvalid ? MemoryBufferRegisters.BaseAddressInvalid : 0,
            NvmeRegister.CRTO => TimeoutHalfSeconds,
            _ => 0,
        };
    }

    private void WriteWord(ulong offset, uint value)
    {
        switch (offset)
        {
            case NvmeRegister.INTMS:
                _interruptMask |= value;
                break;
            case NvmeRegister.INTMC:
                UnmaskInterrupts(value);
                break;
            case NvmeRegister.CC:
                Configure(new(value));
                break;
            case NvmeRegister.AQA:
                _adminAttributes = value & 0x0FFF_0FFF;
                break;
            case NvmeRegister.ASQ:
                _adminSubmission = WithLow(_adminSubmission, value & ~0xFFFu);
                break;
            case NvmeRegister.ASQ + 4:
                _adminSubmission = WithHigh(_adminSubmission, value);
                break;
            case NvmeRegister.ACQ:
                _adminCompletion = WithLow(_adminCompletion, value & ~0xFFFu);
                break;
            case NvmeRegister.ACQ + 4:
                _adminCompletion = WithHigh(_adminCompletion, value);
                break;
            case NvmeRegister.CMBMSC when _cmb is not null:
                _cmbControl = WithLow(_cmbControl, value & ~0xFFCu);
                break;
            case NvmeRegister.CMBMSC + 4 when _cmb is not null:
                _cmbControl = WithHigh(_cmbControl, value);
                break;
            case >= NvmeRegister.Doorbells:
                RingDoorbell(offset, value);
                break;
        }
    }

    private static ulong WithLow(ulong old, uint low) => (old & ~0xFFFF_FFFFUL) | low;

    private static ulong WithHigh(ulong old, uint high) => (uint)old | (ulong)high << 32;

    private void Configure(ControllerConfiguration next)
    {
        ControllerConfiguration last = _cc;
        _cc = next;
        if (next.IsEnabled && !last.IsEnabled)
        {
            Schedule(ControllerEvent.Enabled, Bus.Now.Add(EnableTime));
        }
        else if (!next.IsEnabled && last.IsEnabled)
        {
            Schedule(ControllerEvent.Disabled, Bus.Now);
        }

        if (next.ShutdownNotification != 0 && last.ShutdownNotification == 0)
        {
            const uint shuttingDown = 1 << 2;
            _csts = (_csts & ~(3u << 2)) | shuttingDown;
            Schedule(ControllerEvent.ShutDown, Bus.Now.Add(_options.WriteLatency));
        }
    }

    /// <summary>CC.EN is set: checks what the host chose and starts (section 3.5.1). A configuration that cannot work is fatal.</summary>
    private void OnEnabled()
    {
        if (!_cc.IsEnabled || (_csts & ControllerStatus.ReadyBit) != 0)
        {
            return;
        }

        int submissionSize = (int)(_adminAttributes & 0xFFF) + 1;
        int completionSize = (int)(_adminAttributes >> 16 & 0xFFF) + 1;
        bool isPossible = _cc.CommandSet == 0 && _cc.Arbitration == 0 && _cc.PageShift <= MaxPageShift
            && submissionSize >= 2 && completionSize >= 2
            && _adminSubmission % PageBytes == 0 && _adminCompletion % PageBytes == 0;
        if (!isPossible)
        {
            GoFatal();
            return;
        }

        CompletionQueue completions = new(0, new(_adminCompletion), completionSize, vector: 0, interruptsEnabled: true) { Users = 1 };
        _completion[0] = completions;
        _submission[0] = new(0, new(_adminSubmission), submissionSize, completions);
        _csts |= ControllerStatus.ReadyBit;
    }

    /// <summary>CC.EN was cleared: a controller reset (section 3.7.2). Admin queue registers and CMBMSC keep their values.</summary>
    private void OnDisabled()
    {
        ClearWork();
        ResetFeatures();
        _csts = 0;
        _interruptMask = 0;
        if (_cc.IsEnabled)
        {
            Schedule(ControllerEvent.Enabled, Bus.Now.Add(EnableTime)); // the host did not wait for CSTS.RDY to clear
        }
    }

    private void OnShutDown()
    {
        foreach (NvmeNamespace ns in _namespaces)
        {
            ns.Media.Flush();
        }

        const uint shutDown = 2 << 2;
        _csts = (_csts & ~(3u << 2)) | shutDown;
    }

    private ulong PageBytes => 1UL << _cc.PageShift;
}
