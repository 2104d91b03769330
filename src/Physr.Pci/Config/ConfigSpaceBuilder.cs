// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Numerics;
using Physr.Pci.Spec;

namespace Physr.Pci.Config;

/// <summary>Lays out the configuration space of a modelled function: header, BARs, capabilities and which bits a host may write.</summary>
/// <remarks>Misuse (a BAR that is no power of two, more capabilities than fit) is an <see cref="ArgumentException"/>: it is the model's mistake.</remarks>
public sealed partial class ConfigSpaceBuilder
{
    private readonly byte[] _bytes = new byte[ConfigRegister.ExtendedLength];
    private readonly byte[] _writable = new byte[ConfigRegister.ExtendedLength];
    private readonly byte[] _writeOneToClear = new byte[ConfigRegister.ExtendedLength];
    private readonly PciHeaderType _header;
    private int _nextStandard = ConfigRegister.HeaderLength;
    private int _lastStandardPointer = ConfigRegister.CapabilityPointer;
    private int _nextExtended = ConfigRegister.ConventionalLength;
    private int _lastExtended;
    private bool _express;

    /// <summary>Starts a header.</summary>
    /// <param name="header">Type 0 or type 1.</param>
    /// <param name="vendorId">Vendor id.</param>
    /// <param name="deviceId">Device id.</param>
    /// <param name="classCode">24 bits: base class, subclass, programming interface; <c>0x010802</c> is NVMe.</param>
    /// <param name="revision">Revision id.</param>
    public ConfigSpaceBuilder(PciHeaderType header, ushort vendorId, ushort deviceId, uint classCode, byte revision = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classCode, 0xff_ffffu);
        if (header == PciHeaderType.CardBus)
        {
            throw new ArgumentException("CardBus headers are read, not modelled.", nameof(header));
        }

        _header = header;
        Put(ConfigRegister.VendorId, vendorId);
        Put(ConfigRegister.DeviceId, deviceId);
        Put32(ConfigRegister.Revision, (classCode << 8) | revision);
        _bytes[ConfigRegister.HeaderType] = (byte)header;
        Allow(ConfigRegister.Command, (ushort)(PciCommand.IoSpace | PciCommand.MemorySpace | PciCommand.BusMaster
            | PciCommand.ParityErrorResponse | PciCommand.SystemErrorEnable | PciCommand.InterruptDisable));
        BinaryPrimitives.WriteUInt16LittleEndian(_writeOneToClear.AsSpan(ConfigRegister.Status), 0xf900);
        _writable[ConfigRegister.InterruptLine] = byte.MaxValue;
        if (header == PciHeaderType.Bridge)
        {
            AllowBridge();
        }
    }

    /// <summary>Marks the device as having several functions.</summary>
    public ConfigSpaceBuilder Multifunction()
    {
        _bytes[ConfigRegister.HeaderType] |= 0x80;
        return this;
    }

    /// <summary>Sets the subsystem ids (type 0 only).</summary>
    public ConfigSpaceBuilder Subsystem(ushort vendorId, ushort deviceId)
    {
        if (_header != PciHeaderType.Endpoint)
        {
            throw new InvalidOperationException("Only a type 0 header holds subsystem ids in place.");
        }

        Put(ConfigRegister.SubsystemVendorId, vendorId);
        Put(ConfigRegister.SubsystemId, deviceId);
        return this;
    }

    /// <summary>Adds a base address register; the host sizes and programs it.</summary>
    /// <param name="index">The (first) register.</param>
    /// <param name="kind">What it decodes.</param>
    /// <param name="size">Bytes: a power of two, at least 4 for I/O and 16 for memory.</param>
    /// <param name="prefetchable">Whether reads have no side effects.</param>
    public ConfigSpaceBuilder Bar(int index, BarKind kind, ulong size, bool prefetchable = false)
    {
        int count = _header == PciHeaderType.Endpoint ? 6 : 2;
        int registers = kind == BarKind.Memory64 ? 2 : 1;
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index + registers, count, nameof(index));
        ulong least = kind == BarKind.Io ? 4u : 16u;
        if (!BitOperations.IsPow2(size) || size < least || (kind != BarKind.Memory64 && size > 0x8000_0000))
        {
            throw new ArgumentException($"BAR {index}: {size} bytes is no power of two that a {kind} register can decode.", nameof(size));
        }

        int offset = ConfigRegister.BaseAddress0 + (4 * index);
        ulong mask = ~(size - 1);
        Put32(offset, BaseAddress.FlagsOf(kind, prefetchable));
        Allow32(offset, (uint)mask);
        if (registers == 2)
        {
            Allow32(offset + 4, (uint)(mask >> 32));
        }

        return this;
    }

    /// <summary>Finishes the layout. The space is 4096 bytes with a PCI Express capability, 256 without.</summary>
    public EmulatedConfigSpace Build()
    {
        int length = _express ? ConfigRegister.ExtendedLength : ConfigRegister.ConventionalLength;
        return new EmulatedConfigSpace(_bytes.AsSpan(0, length), _writable[..length], _writeOneToClear[..length]);
    }

    private void AllowBridge()
    {
        Allow32(ConfigRegister.PrimaryBus, 0x00ff_ffff);
        Allow(ConfigRegister.IoBase, 0xf0f0);
        Allow32(ConfigRegister.MemoryBase, 0xfff0_fff0);
        Put32(ConfigRegister.PrefetchableBase, 0x0001_0001);
        Allow32(ConfigRegister.PrefetchableBase, 0xfff0_fff0);
        Allow32(ConfigRegister.PrefetchableBaseUpper, uint.MaxValue);
        Allow32(ConfigRegister.PrefetchableLimitUpper, uint.MaxValue);
        Allow(ConfigRegister.BridgeControl, 0x007f);
    }

    private void Put(int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(offset), value);

    private void Put32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(offset), value);

    private void Allow(int offset, ushort mask) => BinaryPrimitives.WriteUInt16LittleEndian(_writable.AsSpan(offset), mask);

    private void Allow32(int offset, uint mask) => BinaryPrimitives.WriteUInt32LittleEndian(_writable.AsSpan(offset), mask);
}
