// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <content>Identify (section 5.17).</content>
public sealed partial class NvmeController
{
    private const uint BufferedSglSupport = 0x0001_0001; // no alignment rule; bit buckets
    private const ushort OptionalIoCommands = 1 | 1 << 2 | 1 << 3 | 1 << 7; // Compare, Dataset Management, Write Zeroes, Verify
    private const byte NvmCommandSet = 0;

    private void StartIdentify(CommandSlot slot)
    {
        IdentifyStructure structure = (IdentifyStructure)(slot.Entry.Cdw10 & 0xFF);
        uint id = slot.Entry.NamespaceId;
        NvmeStatus status = structure switch
        {
            IdentifyStructure.Controller => NvmeStatus.Success,
            IdentifyStructure.Namespace or IdentifyStructure.NamespaceDescriptors =>
                TryFindNamespace(id, out _) ? NvmeStatus.Success : NvmeStatus.InvalidNamespace,
            IdentifyStructure.ActiveNamespaces => id < BroadcastNamespace - 1 ? NvmeStatus.Success : NvmeStatus.InvalidNamespace,
            IdentifyStructure.CommandSetNamespace when CommandSet(slot) == NvmCommandSet =>
                TryFindNamespace(id, out _) ? NvmeStatus.Success : NvmeStatus.InvalidNamespace,
            IdentifyStructure.CommandSetController when CommandSet(slot) == NvmCommandSet => NvmeStatus.Success,
            _ => NvmeStatus.InvalidField,
        };
        if (!status.IsSuccess)
        {
            Finish(slot, status.Final());
            return;
        }

        slot.Kind = CommandKind.Identify;
        slot.Length = IdentifyLayout.Size;
        StartPointers(slot);
    }

    private static byte CommandSet(CommandSlot slot) => (byte)(slot.Entry.Cdw11 >> 24);

    private void FillIdentify(CommandSlot slot, Span<byte> page)
    {
        switch ((IdentifyStructure)(slot.Entry.Cdw10 & 0xFF))
        {
            case IdentifyStructure.Controller:
                FillController(page);
                break;
            case IdentifyStructure.Namespace:
                FillNamespace(_namespaces[slot.Entry.NamespaceId - 1], page);
                break;
            case IdentifyStructure.ActiveNamespaces:
                for (uint i = slot.Entry.NamespaceId, at = 0; i < _namespaces.Length && at < IdentifyLayout.Size; i++, at += 4)
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(page[(int)at..], _namespaces[i].Id);
                }

                break;
            case IdentifyStructure.NamespaceDescriptors:
                FillDescriptors(slot.Entry.NamespaceId, page);
                break;
            default: // the NVM command set's own structures: no limits beyond MDTS, no protection information
                break;
        }
    }

    private void FillController(Span<byte> page)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(page[IdentifyLayout.CtrlVid..], _options.VendorId);
        BinaryPrimitives.WriteUInt16LittleEndian(page[IdentifyLayout.CtrlSsvid..], _options.VendorId);
        FillText(page.Slice(IdentifyLayout.CtrlSerial, IdentifyLayout.CtrlSerialLength), _options.Serial);
        FillText(page.Slice(IdentifyLayout.CtrlModel, IdentifyLayout.CtrlModelLength), _options.Model);
        FillText(page.Slice(IdentifyLayout.CtrlFirmware, IdentifyLayout.CtrlFirmwareLength), _options.Firmware);
        page[IdentifyLayout.CtrlRab] = DefaultBurst;
        page[IdentifyLayout.CtrlMdts] = (byte)(BitOperations.Log2(_options.MaxTransferBytes) - PageSize.Shift4K);
        BinaryPrimitives.WriteUInt32LittleEndian(page[IdentifyLayout.CtrlVersion..], SpecificationVersion);
        page[IdentifyLayout.CtrlControllerType] = 1; // I/O controller
        page[IdentifyLayout.CtrlAcl] = 3;
        page[IdentifyLayout.CtrlAerl] = MaxEventRequests - 1;
        page[IdentifyLayout.CtrlFrmw] = 1 | 1 << 1; // one slot, read-only
        page[IdentifyLayout.CtrlLpa] = 1 << 2; // log page offsets
        page[IdentifyLayout.CtrlElpe] = ErrorLogEntries - 1;
        BinaryPrimitives.WriteUInt16LittleEndian(page[IdentifyLayout.CtrlWctemp..], WarningTemperature);
        BinaryPrimitives.WriteUInt16LittleEndian(page[IdentifyLayout.CtrlCctemp..], CriticalTemperature);
        page[IdentifyLayout.CtrlSqes] = 0x66;
        page[IdentifyLayout.CtrlCqes] = 0x44;
        BinaryPrimitives.WriteUInt32LittleEndian(page[IdentifyLayout.CtrlNn..], (uint)_namespaces.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(page[IdentifyLayout.CtrlOncs..], OptionalIoCommands);
        page[IdentifyLayout.CtrlVwc] = 1 | 3 << 1; // a volatile write cache; Flush takes the broadcast NSID
        BinaryPrimitives.WriteUInt32LittleEndian(page[IdentifyLayout.CtrlSgls..], BufferedSglSupport);
        int length = Encoding.ASCII.GetBytes("nqn.2014-08.org.nvmexpress:physr:", page.Slice(IdentifyLayout.CtrlSubnqn, 256));
        Encoding.ASCII.GetBytes(_options.Serial, page.Slice(IdentifyLayout.CtrlSubnqn + length, 32));
        BinaryPrimitives.WriteUInt16LittleEndian(page[IdentifyLayout.CtrlPowerStates..], 2500); // 25.00 W
    }

    private static void FillText(Span<byte> field, string text)
    {
        field.Fill((byte)' ');
        Encoding.ASCII.GetBytes(text, field);
    }

    private void FillNamespace(NvmeNamespace ns, Span<byte> page)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(page[IdentifyLayout.NsSize..], ns.Blocks);
        BinaryPrimitives.WriteUInt64LittleEndian(page[IdentifyLayout.NsCapacity..], ns.Blocks);
        BinaryPrimitives.WriteUInt64LittleEndian(page[IdentifyLayout.NsUtilization..], ns.Blocks);
        page[IdentifyLayout.NsFormatCount] = 1; // 0-based
        page[IdentifyLayout.NsFormatted] = (byte)(ns.BlockShift == 9 ? 0 : 1);
        page[IdentifyLayout.NsDeallocate] = (byte)(ns.Media.DeallocatedReadsZero ? 1 : 0);
        page[IdentifyLayout.NsAttributes] = (byte)(ns.Media.IsReadOnly ? 1 : 0);
        BinaryPrimitives.WriteUInt64BigEndian(page[IdentifyLayout.NsEui64..], UniqueId(ns.Id));
        page[IdentifyLayout.NsFormats + 2] = 9; // LBADS of format 0
        page[IdentifyLayout.NsFormats + 6] = 12; // LBADS of format 1
    }

    private void FillDescriptors(uint id, Span<byte> page)
    {
        const byte eui64 = 1, commandSet = 4;
        page[0] = eui64;
        page[1] = sizeof(ulong);
        BinaryPrimitives.WriteUInt64BigEndian(page[4..], UniqueId(id));
        page[12] = commandSet;
        page[13] = 1;
        page[16] = NvmCommandSet;
    }

    /// <summary>An EUI-64 that follows from serial number and NSID, so that replays agree; its first byte marks it as locally assigned.</summary>
    private ulong UniqueId(uint id)
    {
        ulong hash = 0xCBF2_9CE4_8422_2325;
        foreach (char c in _options.Serial)
        {
            hash = (hash ^ c) * 0x0000_0100_0000_01B3;
        }

        hash = (hash ^ id) * 0x0000_0100_0000_01B3;
        return (hash & ~(0xFFUL << 56)) | 0x02UL << 56;
    }
}
