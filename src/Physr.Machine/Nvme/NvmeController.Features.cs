// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <content>Get Features and Set Features (sections 5.15 and 5.27). No feature is saveable; one that is not acted on refuses other values.</content>
public sealed partial class NvmeController
{
    private const byte DefaultBurst = 3;
    private const ushort Temperature = 310;
    private const ushort WarningTemperature = 343;
    private const ushort CriticalTemperature = 353;
    private const uint BurstMask = 7;
    private const uint SaveBit = 1u << 31;

    private readonly uint[] _features = new uint[(int)FeatureId.AsynchronousEventConfiguration + 1];
    private uint _underTemperature;

    private uint QueueCounts => (uint)(_options.MaxIoQueues - 1) * 0x1_0001;

    private void ResetFeatures()
    {
        Array.Clear(_features);
        _underTemperature = 0;
        _features[(int)FeatureId.Arbitration] = DefaultBurst;
        _features[(int)FeatureId.TemperatureThreshold] = WarningTemperature;
        _features[(int)FeatureId.VolatileWriteCache] = 1;
        _features[(int)FeatureId.NumberOfQueues] = QueueCounts;
    }

    private static bool IsFeature(uint id) => id is >= (uint)FeatureId.Arbitration and <= (uint)FeatureId.AsynchronousEventConfiguration and not 3;

    private void GetFeatures(CommandSlot slot)
    {
        uint id = slot.Entry.Cdw10 & 0xFF;
        uint vector = slot.Entry.Cdw11 & 0xFFFF;
        if (!IsFeature(id) || (id == (uint)FeatureId.InterruptVectorConfiguration && vector >= Profile.MsixVectors))
        {
            Finish(slot, NvmeStatus.InvalidField.Final());
            return;
        }

        uint value = (FeatureId)id switch
        {
            FeatureId.InterruptVectorConfiguration => vector | 1 << 16, // coalescing disabled
            FeatureId.TemperatureThreshold when IsUnderThreshold(slot) => _underTemperature,
            _ => _features[id],
        };
        Finish(slot, NvmeStatus.Success, value);
    }

    private void SetFeatures(CommandSlot slot)
    {
        uint id = slot.Entry.Cdw10 & 0xFF;
        uint value = slot.Entry.Cdw11;
        if (!IsFeature(id))
        {
            Finish(slot, NvmeStatus.InvalidField.Final());
        }
        else if ((slot.Entry.Cdw10 & SaveBit) != 0)
        {
            Finish(slot, NvmeStatus.FeatureNotSaveable.Final());
        }
        else
        {
            NvmeStatus status = SetFeature(slot, (FeatureId)id, value);
            Finish(slot, status.IsSuccess ? status : status.Final(), (FeatureId)id == FeatureId.NumberOfQueues && status.IsSuccess ? QueueCounts : 0);
        }
    }

    private NvmeStatus SetFeature(CommandSlot slot, FeatureId id, uint value)
    {
        switch (id)
        {
            case FeatureId.Arbitration:
                _features[(int)id] = value & BurstMask;
                return NvmeStatus.Success;
            case FeatureId.PowerManagement:
                return (value & 0x1F) == 0 ? NvmeStatus.Success : NvmeStatus.InvalidField; // the one power state
            case FeatureId.TemperatureThreshold:
                return SetTemperatureThreshold(slot, value);
            case FeatureId.ErrorRecovery:
                const uint reportDeallocated = 1 << 16;
                if ((value & reportDeallocated) != 0)
                {
                    return NvmeStatus.InvalidField;
                }

                _features[(int)id] = value & 0xFFFF;
                return NvmeStatus.Success;
            case FeatureId.NumberOfQueues:
                return (value & 0xFFFF) == 0xFFFF || value >> 16 == 0xFFFF ? NvmeStatus.InvalidField : NvmeStatus.Success;
            case FeatureId.InterruptCoalescing:
                return value == 0 ? NvmeStatus.Success : NvmeStatus.FeatureNotChangeable;
            case FeatureId.InterruptVectorConfiguration:
                const uint coalescingDisabled = 1 << 16;
                return (value & 0xFFFF) >= Profile.MsixVectors ? NvmeStatus.InvalidField
                    : (value & coalescingDisabled) != 0 ? NvmeStatus.Success : NvmeStatus.FeatureNotChangeable;
            default:
                _features[(int)id] = value;
                return NvmeStatus.Success;
        }
    }

    private static bool IsUnderThreshold(CommandSlot slot) => (slot.Entry.Cdw11 >> 20 & 3) == 1;

    private NvmeStatus SetTemperatureThreshold(CommandSlot slot, uint value)
    {
        uint sensor = value >> 16 & 0xF;
        if (sensor is not (0 or 0xF) || (value >> 20 & 3) > 1)
        {
            return NvmeStatus.InvalidField;
        }

        uint kelvin = value & 0xFFFF;
        if (IsUnderThreshold(slot))
        {
            _underTemperature = kelvin;
        }
        else
        {
            _features[(int)FeatureId.TemperatureThreshold] = kelvin;
        }

        const uint temperatureEvents = 1 << 1;
        if (IsTemperatureWarned && (_features[(int)FeatureId.AsynchronousEventConfiguration] & temperatureEvents) != 0)
        {
            ReportAsynchronousEvent(AsynchronousEventType.Health, TemperatureThresholdReached, LogPageId.Smart);
        }

        return NvmeStatus.Success;
    }

    private bool IsTemperatureWarned => Temperature >= _features[(int)FeatureId.TemperatureThreshold] || Temperature <= _underTemperature;
}
