// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Text;
using System.Numerics;
using System.Text;
using Physr.Dma.Debugging;

namespace Physr.Dma.Tracing;

/// <content>The values of fields. The kernel prints arrays as <c>{0x1000,0x2000}</c>, trace-cmd as decimal numbers with spaces.</content>
public sealed partial class DmaTraceParser
{
    private bool TryReadField(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, DmaTraceEvent traced, ref DmaTraceFields seen)
    {
        Span<char> word = stackalloc char[LongestWord];
        if (key.Length > LongestWord
            || !s_fields.TryGetValue(word[..Encoding.Latin1.GetChars(key, word)], out DmaTraceFields field))
        {
            return true;
        }

        seen |= field;
        DmaTraceProblem problem = Read(field, value, traced);
        if (problem == DmaTraceProblem.None)
        {
            return true;
        }

        _problemField = DmaTraceFormat.NameOf(field);
        return Fail(problem);
    }

    private static DmaTraceProblem Read(DmaTraceFields field, ReadOnlySpan<byte> value, DmaTraceEvent traced)
    {
        ulong number;
        switch (field)
        {
            case DmaTraceFields.Direction:
                return ReadDirection(value, traced);
            case DmaTraceFields.Attributes:
                traced.Attributes = ReadAttributes(value);
                return DmaTraceProblem.None;
            case DmaTraceFields.CpuAddress:
                return ReadCpuAddress(value, traced);
            case DmaTraceFields.Addresses or DmaTraceFields.Sizes or DmaTraceFields.Memories:
                return ReadArray(field, value, traced) ? DmaTraceProblem.None : DmaTraceProblem.BadArray;
            case DmaTraceFields.Entries:
                return ReadAll(value, traced);
            case DmaTraceFields.Driver:
                traced.Driver = Encoding.Latin1.GetString(value);
                return value.Length is > 0 and <= LongestDevice ? DmaTraceProblem.None : DmaTraceProblem.BadNumber;
            case DmaTraceFields.Segments or DmaTraceFields.Error:
                return DmaTraceProblem.None;
            case DmaTraceFields.Size or DmaTraceFields.MaxSegment or DmaTraceFields.Offset or DmaTraceFields.Step or DmaTraceFields.Cut or DmaTraceFields.Write or DmaTraceFields.Done:
                if (!Utf8Parser.TryParse(value, out number, out int used) || used != value.Length)
                {
                    return DmaTraceProblem.BadNumber;
                }

                return SetDecimal(field, number, traced) ? DmaTraceProblem.None : DmaTraceProblem.BadNumber;
            default:
                return TryReadHex(value, out number) && SetHex(field, number, traced) ? DmaTraceProblem.None : DmaTraceProblem.BadNumber;
        }
    }

    private static bool SetDecimal(DmaTraceFields field, ulong number, DmaTraceEvent traced)
    {
        switch (field)
        {
            case DmaTraceFields.Size:
                traced.Size = number;
                return true;
            case DmaTraceFields.MaxSegment:
                traced.Limits = traced.Limits with { MaxSegmentSize = number };
                return true;
            case DmaTraceFields.Offset:
                traced.Offset = number;
                return true;
            case DmaTraceFields.Step:
                traced.Step = (DmaReservationStep)number;
                return number <= (ulong)DmaReservationStep.End;
            case DmaTraceFields.Cut:
                traced.AreCut = number == 1;
                return number <= 1;
            case DmaTraceFields.Write:
                traced.IsWrite = number == 1;
                return number <= 1;
            default:
                traced.IsDone = number == 1;
                return number <= 1;
        }
    }

    private static bool SetHex(DmaTraceFields field, ulong number, DmaTraceEvent traced)
    {
        switch (field)
        {
            case DmaTraceFields.Address:
                traced.Address = new(number);
                return true;
            case DmaTraceFields.Memory:
                traced.Memory = new(number);
                return true;
            case DmaTraceFields.Mask:
                traced.Mask = number;
                return number == ulong.MaxValue || BitOperations.IsPow2(number + 1);
            case DmaTraceFields.Boundary:
                traced.Limits = traced.Limits with { BoundaryMask = number };
                return number == ulong.MaxValue || BitOperations.IsPow2(number + 1);
            default:
                traced.Kinds = (DmaMemoryKinds)number;
                return number < (ulong)DmaMemoryKinds.Invalid << 1;
        }
    }

    // What is allocated has no direction, though the line has a field for it, which old kernels left unset.
    private static DmaTraceProblem ReadDirection(ReadOnlySpan<byte> value, DmaTraceEvent traced)
    {
        Span<char> word = stackalloc char[LongestWord];
        bool isKnown = value.Length <= LongestWord
            && s_directions.TryGetValue(word[..Encoding.Latin1.GetChars(value, word)], out DmaDirection direction)
            && (traced.Direction = direction) == direction;
        return isKnown || traced.Kind is DmaTraceEventKind.Alloc or DmaTraceEventKind.Free ? DmaTraceProblem.None : DmaTraceProblem.BadDirection;
    }

    // A word that is not known is an attribute of a kernel to come: nothing here depends on it.
    private static DmaAttributes ReadAttributes(ReadOnlySpan<byte> value)
    {
        DmaAttributes attributes = DmaAttributes.None;
        Span<char> word = stackalloc char[LongestWord];
        foreach (Range part in value.Split((byte)'|'))
        {
            ReadOnlySpan<byte> bytes = value[part];
            if (bytes.Length is 0 or > LongestWord)
            {
                continue;
            }

            if (s_attributes.TryGetValue(word[..Encoding.Latin1.GetChars(bytes, word)], out DmaAttributes known))
            {
                attributes |= known;
            }
            else if (bytes.StartsWith("0x"u8) && TryReadHex(bytes, out ulong bits))
            {
                attributes |= (DmaAttributes)(int)(bits & 0xffff);
            }
        }

        return attributes;
    }

    // Pointers are printed hashed, the same one always the same; or not at all, while the kernel has no secret yet.
    private static DmaTraceProblem ReadCpuAddress(ReadOnlySpan<byte> value, DmaTraceEvent traced)
    {
        if (value.StartsWith("("u8))
        {
            traced.IsNull = value.SequenceEqual("(nil)"u8) || value.SequenceEqual("(null)"u8);
            return DmaTraceProblem.None;
        }

        if (!TryReadHex(value, out ulong address))
        {
            return DmaTraceProblem.BadNumber;
        }

        traced.CpuAddress = address;
        traced.IsNull = address == 0;
        return DmaTraceProblem.None;
    }

    /// <summary>Reads <c>shown/all</c>.</summary>
    private static DmaTraceProblem ReadAll(ReadOnlySpan<byte> value, DmaTraceEvent traced)
    {
        int slash = value.IndexOf((byte)'/');
        if (slash < 0 || !Utf8Parser.TryParse(value[(slash + 1)..], out int all, out _) || all < 0)
        {
            return DmaTraceProblem.BadNumber;
        }

        traced.AllEntries = all;
        return DmaTraceProblem.None;
    }

    private static bool ReadArray(DmaTraceFields field, ReadOnlySpan<byte> value, DmaTraceEvent traced)
    {
        bool isBraced = value.StartsWith("{"u8);
        if (isBraced)
        {
            if (!value.EndsWith("}"u8))
            {
                return false;
            }

            value = value[1..^1];
        }

        while (!(value = value.TrimStart(" ,"u8)).IsEmpty)
        {
            int end = value.IndexOfAny((byte)' ', (byte)',');
            ReadOnlySpan<byte> item = end < 0 ? value : value[..end];
            value = value[item.Length..];
            bool isRead = item.StartsWith("0x"u8) ? TryReadHex(item, out ulong number) : Utf8Parser.TryParse(item, out number, out int used) && used == item.Length;
            if (!isRead)
            {
                return false;
            }

            switch (field)
            {
                case DmaTraceFields.Addresses:
                    traced.AddAddress(number);
                    break;
                case DmaTraceFields.Sizes:
                    traced.AddSize(number);
                    break;
                default:
                    traced.AddMemory(number);
                    break;
            }
        }

        return true;
    }

    private static bool TryReadHex(ReadOnlySpan<byte> value, out ulong number)
    {
        value = value.StartsWith("0x"u8) ? value[2..] : value;
        return Utf8Parser.TryParse(value, out number, out int used, 'x') && used == value.Length;
    }
}
