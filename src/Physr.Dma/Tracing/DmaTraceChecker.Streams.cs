// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tracing;

/// <content>Whole traces.</content>
public sealed partial class DmaTraceChecker
{
    // The kernel prints no line longer than a page, trace-cmd none that is much longer.
    private const int LongestLine = 1 << 20;
    private const int InitialBuffer = 1 << 16;

    /// <summary>Reads and checks a trace to its end.</summary>
    /// <param name="trace">The text.</param>
    /// <param name="options">How; null is the default.</param>
    /// <param name="cancellation">Stops it between two lines.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static DmaTraceResult Check(Stream trace, DmaTraceCheckOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(trace);
        DmaTraceChecker checker = new(options);
        byte[] buffer = new byte[InitialBuffer];
        int held = 0;
        bool isSkipping = false;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            int read = trace.Read(buffer, held, buffer.Length - held);
            if (read == 0)
            {
                break;
            }

            int filled = held + read;
            int start = checker.CheckLines(buffer, held, filled, ref isSkipping);
            held = filled - start;
            buffer.AsSpan(start, held).CopyTo(buffer);
            if (held == buffer.Length)
            {
                isSkipping |= held >= LongestLine;
                held = isSkipping ? 0 : held;
                Array.Resize(ref buffer, isSkipping ? buffer.Length : 2 * buffer.Length);
            }
        }

        if (isSkipping)
        {
            checker.SkipLine();
        }
        else if (held != 0)
        {
            checker.CheckLine(buffer.AsSpan(0, held));
        }

        return checker.Finish();
    }

    /// <summary>Checks every whole line; says where the rest begins.</summary>
    private int CheckLines(byte[] buffer, int searched, int filled, ref bool isSkipping)
    {
        int start = 0;
        while (true)
        {
            int from = Math.Max(start, searched);
            int end = buffer.AsSpan(from, filled - from).IndexOf((byte)'\n');
            if (end < 0)
            {
                return start;
            }

            if (isSkipping)
            {
                SkipLine();
                isSkipping = false;
            }
            else
            {
                CheckLine(buffer.AsSpan(start, from + end - start));
            }

            start = from + end + 1;
        }
    }
}
