// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers;
using System.Buffers.Text;
using System.Collections.Frozen;
using System.Numerics;
using System.Text;

namespace Physr.Dma.Tracing;

/// <summary>Reads lines of a trace of the DMA API as <c>trace_pipe</c>, <c>trace-cmd report</c> or <c>perf script</c> print it. Never throws on what it is given, and
/// allocates nothing but for devices it meets the first time.</summary>
public sealed partial class DmaTraceParser
{
    private static readonly SearchValues<byte> HexadecimalDigits = SearchValues.Create("0123456789abcdef"u8);

    private const int LongestWord = 64;
    private const int LongestDevice = 128;
    private const int MostDevices = 65536;

    // Making a look-up by span allocates; using one does not.
    private static readonly FrozenDictionary<string, DmaTraceFormat.Entry>.AlternateLookup<ReadOnlySpan<char>> s_events = DmaTraceFormat.ByName.GetAlternateLookup<ReadOnlySpan<char>>();
    private static readonly FrozenDictionary<string, DmaTraceFields>.AlternateLookup<ReadOnlySpan<char>> s_fields = DmaTraceFormat.Fields.GetAlternateLookup<ReadOnlySpan<char>>();
    private static readonly FrozenDictionary<string, DmaDirection>.AlternateLookup<ReadOnlySpan<char>> s_directions = DmaTraceFormat.Directions.GetAlternateLookup<ReadOnlySpan<char>>();
    private static readonly FrozenDictionary<string, DmaAttributes>.AlternateLookup<ReadOnlySpan<char>> s_attributes = DmaTraceFormat.Attributes.GetAlternateLookup<ReadOnlySpan<char>>();

    private readonly Dictionary<string, DmaDevice> _devices = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DmaDevice>.AlternateLookup<ReadOnlySpan<char>> _devicesBySpan;
    private string _problemField = "";
    private DmaTraceEventKind _problemKind;

    /// <summary>Makes a parser that knows no device yet.</summary>
    public DmaTraceParser() => _devicesBySpan = _devices.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Why the last line was garbage.</summary>
    public DmaTraceProblem Problem { get; private set; }

    /// <summary>How many events the last line, a <see cref="DmaTraceLine.Loss"/>, says are lost; 0 where it does not say.</summary>
    public ulong LostEvents { get; private set; }

    /// <summary>The devices met so far.</summary>
    public IReadOnlyCollection<DmaDevice> Devices => _devices.Values;

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="traced">The event, where the line is a <see cref="DmaTraceLine.Event"/>.</param>
    public DmaTraceLine Parse(ReadOnlySpan<byte> line, DmaTraceEvent traced)
    {
        ArgumentNullException.ThrowIfNull(traced);
        Problem = DmaTraceProblem.None;
        _problemField = "";
        _problemKind = DmaTraceEventKind.None;
        line = line.StartsWith(ByteOrderMark) ? line[ByteOrderMark.Length..] : line;
        line = line.Trim(" \t\r\n"u8);
        if (line.IsEmpty || line[0] == '#' || line.StartsWith("=>"u8))
        {
            return DmaTraceLine.Nothing;
        }

        if (IsLoss(line))
        {
            return DmaTraceLine.Loss;
        }

        if (IsHeader(line))
        {
            return DmaTraceLine.Nothing;
        }

        DmaTraceProblem problem = DmaTracePrefix.Split(line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> payload, out long time);
        if (problem != DmaTraceProblem.None)
        {
            return IsCaller(line) ? DmaTraceLine.Nothing : Refuse(problem);
        }

        if (!TryFind(name, out DmaTraceFormat.Entry? format))
        {
            return DmaTraceLine.OtherEvent;
        }

        traced.Clear(format.Kind);
        traced.Time = time;
        _problemKind = format.Kind;
        return TryReadPayload(payload, format, traced) ? DmaTraceLine.Event : DmaTraceLine.Garbage;
    }

    /// <summary>What is wrong with the last line, and what would be right, in one line.</summary>
    public string Describe()
    {
        DmaTraceFormat.Entry? format = _problemKind == DmaTraceEventKind.None ? null : DmaTraceFormat.Of(_problemKind);
        string right = format is null ? "" : $"; it looks like '{format.Name}: DEVICE {format.Shape}'";
        return Problem switch
        {
            DmaTraceProblem.NoPrefix => "no line of a trace; one looks like 'task-pid [cpu] flags seconds: event: ...'",
            DmaTraceProblem.NoEventName => "nothing follows the time; an event's name and a colon should",
            DmaTraceProblem.NoDevice => $"no device is named{right}",
            DmaTraceProblem.MissingField => $"{_problemField}= is missing{right}",
            DmaTraceProblem.BadNumber => $"the value of {_problemField}= does not read as what it should be{right}",
            DmaTraceProblem.BadDirection => "dir= is none of TO_DEVICE, FROM_DEVICE and BIDIRECTIONAL",
            DmaTraceProblem.BadArray => $"{_problemField}= does not read as an array of numbers; one looks like {{0x1000,0x2000}}",
            DmaTraceProblem.UnequalArrays => "dma_addrs= and sizes= are not of the same length",
            DmaTraceProblem.BeyondAddressSpace => "address and size together leave the 64-bit address space",
            DmaTraceProblem.FailedToParse => "the tool that printed this could not read the event; take the text of the kernel's own trace_pipe instead",
            DmaTraceProblem.TooManyDevices => $"more than {MostDevices} devices",
            DmaTraceProblem.TooLong => "a line longer than any tracer prints",
            _ => "",
        };
    }

    internal DmaTraceLine Refuse(DmaTraceProblem problem)
    {
        Problem = problem;
        return DmaTraceLine.Garbage;
    }

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private static bool IsHeader(ReadOnlySpan<byte> line) =>
        line.StartsWith("cpus="u8) || line.StartsWith("version ="u8) || (line.StartsWith("CPU "u8) && line.EndsWith("is empty"u8))
        || line.IndexOfAnyExcept((byte)'-') < 0;

    // perf script's stacks: an address, a symbol, and where it is, in brackets.
    private static bool IsCaller(ReadOnlySpan<byte> line)
    {
        int digits = line.IndexOfAnyExcept(HexadecimalDigits);
        return digits is > 0 and <= 16 && line[digits] == ' ' && line[^1] == ')' && line.Contains((byte)'(');
    }

    private bool IsLoss(ReadOnlySpan<byte> line)
    {
        LostEvents = 0;
        if (line.SequenceEqual("[LINE TOO BIG]"u8))
        {
            LostEvents = 1;
            return true;
        }

        if (!line.StartsWith("CPU:"u8) || !line.EndsWith("]"u8))
        {
            return false;
        }

        int open = line.IndexOf((byte)'[');
        ReadOnlySpan<byte> note = open < 0 ? default : line[(open + 1)..^1];
        if (note.StartsWith("LOST "u8) && note.EndsWith("EVENTS"u8))
        {
            LostEvents = Utf8Parser.TryParse(note[5..], out ulong lost, out _) ? lost : 0;
            return true;
        }

        if (note.EndsWith("EVENTS DROPPED"u8))
        {
            LostEvents = Utf8Parser.TryParse(note, out ulong dropped, out _) ? dropped : 0;
            return true;
        }

        return false;
    }

    private static bool TryFind(ReadOnlySpan<byte> name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out DmaTraceFormat.Entry? format)
    {
        format = null;
        Span<char> word = stackalloc char[LongestWord];
        return name.Length is > 0 and <= LongestWord
            && s_events.TryGetValue(word[..Encoding.Latin1.GetChars(name, word)], out format);
    }

    private bool TryReadPayload(ReadOnlySpan<byte> payload, DmaTraceFormat.Entry format, DmaTraceEvent traced)
    {
        if (payload.StartsWith("[FAILED TO PARSE]"u8))
        {
            return Fail(DmaTraceProblem.FailedToParse);
        }

        int end = NextField(payload, 0);
        ReadOnlySpan<byte> device = payload[..end].Trim((byte)' ');
        if (device.Length is 0 or > LongestDevice || device.Contains((byte)'='))
        {
            return Fail(DmaTraceProblem.NoDevice);
        }

        DmaTraceFields seen = DmaTraceFields.None;
        ReadOnlySpan<byte> rest = payload[end..].TrimStart((byte)' ');
        while (!rest.IsEmpty)
        {
            int equals = rest.IndexOf((byte)'=');
            if (equals < 0)
            {
                break;
            }

            ReadOnlySpan<byte> key = rest[..equals];
            ReadOnlySpan<byte> tail = rest[(equals + 1)..];
            int length = LengthOfValue(tail);
            if (!TryReadField(key, tail[..length].TrimEnd((byte)' '), traced, ref seen))
            {
                return false;
            }

            rest = tail[length..].TrimStart((byte)' ');
        }

        DmaTraceFields missing = format.Needed & ~seen;
        if (missing != DmaTraceFields.None)
        {
            _problemField = DmaTraceFormat.NameOf((DmaTraceFields)(1 << BitOperations.TrailingZeroCount((int)missing)));
            return Fail(DmaTraceProblem.MissingField);
        }

        return IsSound(traced) && TryFindDevice(device, traced);
    }

    private static int LengthOfValue(ReadOnlySpan<byte> tail)
    {
        if (tail.StartsWith("{"u8))
        {
            int close = tail.IndexOf((byte)'}');
            return close < 0 ? tail.Length : close + 1;
        }

        return NextField(tail, 0);
    }

    /// <summary>Where the first space before a <c>key=</c> is; the end where there is none.</summary>
    private static int NextField(ReadOnlySpan<byte> text, int from)
    {
        while (true)
        {
            int space = text[from..].IndexOf((byte)' ');
            if (space < 0)
            {
                return text.Length;
            }

            int start = from + space + 1;
            int end = text[start..].IndexOf((byte)' ');
            ReadOnlySpan<byte> token = end < 0 ? text[start..] : text.Slice(start, end);
            if (token.Contains((byte)'='))
            {
                return start - 1;
            }

            if (end < 0)
            {
                return text.Length;
            }

            from = start;
        }
    }

    private bool TryFindDevice(ReadOnlySpan<byte> name, DmaTraceEvent traced)
    {
        Span<char> buffer = stackalloc char[LongestDevice];
        ReadOnlySpan<char> word = buffer[..Encoding.Latin1.GetChars(name, buffer)];
        if (_devicesBySpan.TryGetValue(word, out DmaDevice? device))
        {
            traced.Device = device;
            return true;
        }

        if (_devices.Count == MostDevices)
        {
            return Fail(DmaTraceProblem.TooManyDevices);
        }

        device = new(word.ToString(), traced.Mask, traced.Limits);
        _devices.Add(device.Name, device);
        traced.Device = device;
        return true;
    }

    private bool Fail(DmaTraceProblem problem)
    {
        Problem = problem;
        return false;
    }
}
