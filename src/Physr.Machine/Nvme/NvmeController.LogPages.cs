// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <content>Get Log Page (section 5.16): which pages there are, errors, health, firmware.</content>
public sealed partial class NvmeController
{
    private const int ErrorLogEntries = 64;
    private const ulong DataUnit = 512 * 1000;

    private readonly ErrorLogEntry[] _errors = new ErrorLogEntry[ErrorLogEntries];
    private ulong _errorCount;
    private ulong _mediaErrors;
    private ulong _readCommands;
    private ulong _writeCommands;

    private void LogError(CommandSlot slot)
    {
        if (slot.Status.Is(NvmeStatus.UnrecoveredReadError) || slot.Status.Is(NvmeStatus.WriteFault))
        {
            _mediaErrors++;
        }

        _errors[_errorCount % ErrorLogEntries] = new(
            _errorCount + 1, (ushort)slot.Queue!.Id, slot.Entry.CommandId, slot.Status, slot.Namespace is null ? 0 : slot.Entry.StartingBlock, slot.Entry.NamespaceId);
        _errorCount++;
    }

    private void StartLogPage(CommandSlot slot)
    {
        SubmissionEntry entry = slot.Entry;
        ulong dwords = (entry.Cdw10 >> 16 | (ulong)(entry.Cdw11 & 0xFFFF) << 16) + 1;
        ulong offset = entry.Cdw12 | (ulong)entry.Cdw13 << 32;
        int size = LogPageSize((LogPageId)(entry.Cdw10 & 0xFF));
        bool isWholeController = entry.NamespaceId is 0 or BroadcastNamespace;
        if (size == 0)
        {
            Finish(slot, NvmeStatus.InvalidLogPage.Final());
        }
        else if (offset % sizeof(uint) != 0 || offset > (ulong)size || !isWholeController)
        {
            Finish(slot, NvmeStatus.InvalidField.Final());
        }
        else
        {
            slot.Kind = CommandKind.LogPage;
            slot.Length = dwords * sizeof(uint);
            slot.MediaOffset = offset;
            StartPointers(slot);
        }
    }

    private static int LogPageSize(LogPageId id) => id switch
    {
        LogPageId.SupportedLogPages => 1024,
        LogPageId.ErrorInformation => ErrorLogEntries * ErrorLogEntry.Size,
        LogPageId.Smart => 512,
        LogPageId.FirmwareSlot => 512,
        _ => 0,
    };

    private void FillLogPage(CommandSlot slot, Span<byte> page)
    {
        LogPageId id = (LogPageId)(slot.Entry.Cdw10 & 0xFF);
        switch (id)
        {
            case LogPageId.SupportedLogPages:
                for (int page32 = 0; page32 <= (int)LogPageId.FirmwareSlot; page32++)
                {
                    page[page32 * sizeof(uint)] = 1;
                }

                break;
            case LogPageId.ErrorInformation:
                for (ulong i = 0; i < Math.Min(_errorCount, ErrorLogEntries); i++)
                {
                    _errors[(_errorCount - 1 - i) % ErrorLogEntries].WriteTo(page[((int)i * ErrorLogEntry.Size)..]);
                }

                break;
            case LogPageId.Smart:
                FillHealth(page);
                break;
            default:
                page[0] = 1; // slot 1 is active
                FillText(page.Slice(8, IdentifyLayout.CtrlFirmwareLength), _options.Firmware);
                break;
        }

        const uint retainEvent = 1 << 15;
        if ((slot.Entry.Cdw10 & retainEvent) == 0)
        {
            ArmEvents(id);
        }
    }

    private void FillHealth(Span<byte> page)
    {
        const byte temperatureWarning = 1 << 1;
        page[0] = IsTemperatureWarned ? temperatureWarning : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(page[1..], Temperature);
        page[3] = 100; // available spare, percent
        page[4] = 10; // its threshold
        BinaryPrimitives.WriteUInt64LittleEndian(page[32..], (Statistics.BytesRead + DataUnit - 1) / DataUnit);
        BinaryPrimitives.WriteUInt64LittleEndian(page[48..], (Statistics.BytesWritten + DataUnit - 1) / DataUnit);
        BinaryPrimitives.WriteUInt64LittleEndian(page[64..], _readCommands);
        BinaryPrimitives.WriteUInt64LittleEndian(page[80..], _writeCommands);
        BinaryPrimitives.WriteUInt64LittleEndian(page[112..], 1); // power cycles
        BinaryPrimitives.WriteUInt64LittleEndian(page[128..], (ulong)(Bus.Now.Seconds / 3600));
        BinaryPrimitives.WriteUInt64LittleEndian(page[160..], _mediaErrors);
        BinaryPrimitives.WriteUInt64LittleEndian(page[176..], _errorCount);
    }
}
