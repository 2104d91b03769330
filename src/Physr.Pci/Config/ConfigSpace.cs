// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Pci.Spec;

namespace Physr.Pci.Config;

/// <summary>The configuration space of one function, or as much of it as could be read.</summary>
/// <remarks>Reading past the end gives all ones, as on the bus; what the missing bytes would have said is never guessed here:
/// see <see cref="FindExtended"/>.</remarks>
public partial class ConfigSpace
{
    private readonly byte[] _bytes;

    /// <summary>Takes a copy of the bytes read.</summary>
    /// <param name="bytes">From offset 0; what lies beyond 4096 bytes is ignored.</param>
    /// <param name="fullLength">Bytes the function has in the eyes of the kernel (256 or 4096) when that is known, as it is from the size of
    /// a live sysfs file; otherwise it is inferred from the bytes.</param>
    public ConfigSpace(ReadOnlySpan<byte> bytes, int? fullLength = null)
    {
        _bytes = bytes[..Math.Min(bytes.Length, ConfigRegister.ExtendedLength)].ToArray();
        FullLength = Math.Max(_bytes.Length, fullLength is 0 or null ? Infer() : Math.Min(fullLength.Value, ConfigRegister.ExtendedLength));
    }

    /// <summary>Bytes that can be read.</summary>
    public int Length => _bytes.Length;

    /// <summary>Bytes the function has: 256 for conventional functions, 4096 for PCI Express. A PCI Express function has 256 only where the source
    /// knows that its host cannot reach more; bytes that merely end there were cut.</summary>
    public int FullLength { get; }

    /// <summary>Whether part of the space could not be read.</summary>
    public bool IsTruncated => Length < FullLength;

    /// <summary>Whether every byte of the header is ones: the function did not answer (asleep, or gone).</summary>
    public bool IsUnanswered => Length >= 8 && !_bytes.AsSpan(4, Math.Min(Length, ConfigRegister.HeaderLength) - 4).ContainsAnyExcept((byte)0xff);

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>The bytes, for those who may change them.</summary>
    protected Span<byte> Writable => _bytes;

    /// <summary>Reads 8 bits; all ones past the end.</summary>
    public byte ReadByte(int offset) => Has(offset, 1) ? _bytes[offset] : byte.MaxValue;

    /// <summary>Reads 16 bits, little endian; all ones past the end.</summary>
    public ushort ReadWord(int offset) => Has(offset, 2) ? BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(offset)) : ushort.MaxValue;

    /// <summary>Reads 32 bits, little endian; all ones past the end.</summary>
    public uint ReadDword(int offset) => Has(offset, 4) ? BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(offset)) : uint.MaxValue;

    /// <summary>Whether <paramref name="length"/> bytes at <paramref name="offset"/> were read.</summary>
    public bool Has(int offset, int length) => offset >= 0 && offset <= Length - length;

    /// <summary>A function that is certainly not PCI Express has no extended space.</summary>
    private int Infer()
    {
        bool isConventional = Length <= ConfigRegister.ConventionalLength && FindStandard(CapabilityId.PciExpress, out _) switch
        {
            CapabilityLookup.Absent => true,
            CapabilityLookup.Found => false,
            _ => Length == ConfigRegister.ConventionalLength,
        };
        return isConventional ? ConfigRegister.ConventionalLength : ConfigRegister.ExtendedLength;
    }
}
