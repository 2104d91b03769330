// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme.Media;
using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <content>I/O commands (NVM Command Set Specification 1.0, section 3.2).</content>
public sealed partial class NvmeController
{
    private const uint BroadcastNamespace = 0xFFFF_FFFF;
    private const uint ForceUnitAccess = 1 << 30;
    private const uint AttributeDeallocate = 1 << 2;
    private const int DeallocateRangeBytes = 16;

    private void DecodeIo(CommandSlot slot)
    {
        CommandKind? kind = (IoOpcode)slot.Entry.Opcode switch
        {
            IoOpcode.Read => CommandKind.Read,
            IoOpcode.Write => CommandKind.Write,
            IoOpcode.Compare => CommandKind.Compare,
            IoOpcode.WriteZeroes => CommandKind.WriteZeroes,
            IoOpcode.Verify => CommandKind.Verify,
            IoOpcode.DatasetManagement => CommandKind.Deallocate,
            _ => null,
        };
        if (slot.Entry.Opcode == (byte)IoOpcode.Flush)
        {
            Flush(slot);
        }
        else if (kind is null)
        {
            Finish(slot, NvmeStatus.InvalidOpcode.Final());
        }
        else if (!TryFindNamespace(slot.Entry.NamespaceId, out NvmeNamespace? ns))
        {
            Finish(slot, NvmeStatus.InvalidNamespace.Final());
        }
        else
        {
            slot.Kind = kind.Value;
            slot.Namespace = ns;
            StartIo(slot, ns!);
        }
    }

    private bool TryFindNamespace(uint id, out NvmeNamespace? ns)
    {
        ns = id - 1 < (uint)_namespaces.Length ? _namespaces[id - 1] : null;
        return ns is not null;
    }

    private void StartIo(CommandSlot slot, NvmeNamespace ns)
    {
        bool writes = slot.Kind is CommandKind.Write or CommandKind.WriteZeroes or CommandKind.Deallocate;
        if (writes && ns.Media.IsReadOnly)
        {
            Finish(slot, NvmeStatus.NamespaceWriteProtected.Final());
            return;
        }

        if (slot.Kind == CommandKind.Deallocate)
        {
            slot.Length = ((slot.Entry.Cdw10 & 0xFF) + 1) * DeallocateRangeBytes;
            StartPointers(slot);
            return;
        }

        if (!ns.Contains(slot.Entry.StartingBlock, slot.Entry.BlockCount))
        {
            Finish(slot, NvmeStatus.LbaOutOfRange.Final());
            return;
        }

        slot.MediaOffset = slot.Entry.StartingBlock << ns.BlockShift;
        slot.Length = (ulong)slot.Entry.BlockCount << ns.BlockShift;
        switch (slot.Kind)
        {
            case CommandKind.WriteZeroes:
                FinishAt(slot, StatusOf(ns.Media.Zero(slot.MediaOffset, slot.Length)), Bus.Now.Add(_options.WriteLatency));
                break;
            case CommandKind.Verify:
                StartMedia(slot);
                break;
            default:
                StartPointers(slot);
                break;
        }
    }

    private void Flush(CommandSlot slot)
    {
        if (slot.Entry.NamespaceId == BroadcastNamespace)
        {
            NvmeStatus worst = NvmeStatus.Success;
            foreach (NvmeNamespace each in _namespaces)
            {
                NvmeStatus status = StatusOf(each.Media.Flush());
                worst = worst.IsSuccess ? status : worst;
            }

            FinishAt(slot, worst, Bus.Now.Add(_options.WriteLatency));
        }
        else if (TryFindNamespace(slot.Entry.NamespaceId, out NvmeNamespace? ns))
        {
            FinishAt(slot, StatusOf(ns!.Media.Flush()), Bus.Now.Add(_options.WriteLatency));
        }
        else
        {
            Finish(slot, NvmeStatus.InvalidNamespace.Final());
        }
    }

    private static NvmeStatus StatusOf(MediaStatus status) => status switch
    {
        MediaStatus.Success => NvmeStatus.Success,
        MediaStatus.ReadError => NvmeStatus.UnrecoveredReadError.Final(),
        MediaStatus.WriteProtected => NvmeStatus.NamespaceWriteProtected.Final(),
        _ => NvmeStatus.WriteFault.Final(),
    };
}
