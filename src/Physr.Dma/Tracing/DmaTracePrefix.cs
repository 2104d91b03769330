// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Text;

namespace Physr.Dma.Tracing;

/// <summary>Finds the event in a line: after task, processor, flags and time, as <c>trace_pipe</c>, <c>trace-cmd report</c> and <c>perf script</c> print them.</summary>
internal static class DmaTracePrefix
{
    // Flags, a latency mark and what options add stand between processor and time.
    private const int MostTokensBeforeTime = 4;

    /// <summary>Takes a line apart.</summary>
    /// <param name="line">The line, trimmed.</param>
    /// <param name="name">The event's name, without its system; empty where the line holds a function trace.</param>
    /// <param name="payload">What stands behind it.</param>
    /// <param name="time">Nanoseconds; negative where it is not in seconds.</param>
    public static DmaTraceProblem Split(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> payload, out long time)
    {
        name = default;
        payload = default;
        time = -1;

        // A task's own name may hold brackets: the first that are followed by a time are the processor's.
        for (int at = line.IndexOf((byte)'['); at >= 0; at = Next(line, at))
        {
            if (TrySkipProcessor(line[at..], out ReadOnlySpan<byte> rest) && TrySkipTime(ref rest, out time))
            {
                return SplitEvent(rest, out name, out payload);
            }
        }

        ReadOnlySpan<byte> first = Token(line);
        if (first.Length < 2 || first[^1] != ':' || !(first.StartsWith("dma_"u8) || first.StartsWith("physr_dma_"u8)))
        {
            return DmaTraceProblem.NoPrefix;
        }

        return SplitEvent(line, out name, out payload);
    }

    private static int Next(ReadOnlySpan<byte> line, int at)
    {
        int next = line[(at + 1)..].IndexOf((byte)'[');
        return next < 0 ? -1 : at + 1 + next;
    }

    private static DmaTraceProblem SplitEvent(ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> payload)
    {
        name = default;
        payload = default;
        ReadOnlySpan<byte> token = Token(rest);

        // perf script can print the sample's period before the event.
        if (token.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
        {
            rest = rest[token.Length..].TrimStart(" \t"u8);
            token = Token(rest);
        }

        if (token.IsEmpty)
        {
            return DmaTraceProblem.NoEventName;
        }

        if (token[^1] == ':')
        {
            name = token[..^1];
            name = name[(name.LastIndexOf((byte)':') + 1)..];
            payload = rest[token.Length..].Trim((byte)' ');
        }

        return DmaTraceProblem.None;
    }

    private static bool TrySkipProcessor(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> rest)
    {
        int digits = 1;
        while (digits < line.Length && char.IsAsciiDigit((char)line[digits]))
        {
            digits++;
        }

        bool isProcessor = digits > 1 && digits < line.Length && line[digits] == ']';
        rest = isProcessor ? line[(digits + 1)..].TrimStart((byte)' ') : default;
        return isProcessor;
    }

    private static bool TrySkipTime(ref ReadOnlySpan<byte> rest, out long time)
    {
        time = -1;
        for (int i = 0; i < MostTokensBeforeTime; i++)
        {
            ReadOnlySpan<byte> token = Token(rest);
            if (token.IsEmpty)
            {
                return false;
            }

            rest = rest[token.Length..].TrimStart((byte)' ');
            if (TryReadTime(token, out time))
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryReadTime(ReadOnlySpan<byte> token, out long time)
    {
        time = -1;
        if (token.Length < 2 || token[^1] != ':' || !Utf8Parser.TryParse(token, out ulong whole, out int used))
        {
            return false;
        }

        // Clocks that count something else than time print no point.
        if (used == token.Length - 1)
        {
            return true;
        }

        ReadOnlySpan<byte> fraction = token[(used + 1)..^1];
        if (token[used] != '.' || fraction.Length is 0 or > 9 || !Utf8Parser.TryParse(fraction, out ulong part, out int digits) || digits != fraction.Length)
        {
            return false;
        }

        for (int i = fraction.Length; i < 9; i++)
        {
            part *= 10;
        }

        time = whole < long.MaxValue / 1_000_000_000 ? ((long)whole * 1_000_000_000) + (long)part : -1;
        return true;
    }

    private static ReadOnlySpan<byte> Token(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOfAny((byte)' ', (byte)'\t');
        return end < 0 ? text : text[..end];
    }
}
