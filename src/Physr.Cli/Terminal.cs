// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;

namespace Physr.Cli;

/// <summary>Where a verb writes, and what can be shown there.</summary>
/// <param name="Output">The verb's answer.</param>
/// <param name="Error">Everything else: mistakes, progress.</param>
public sealed record Terminal(TextWriter Output, TextWriter Error)
{
    /// <summary>Columns where the output is no terminal.</summary>
    public const int DefaultWidth = 100;

    /// <summary>Columns of the output.</summary>
    public int Width { get; init; } = DefaultWidth;

    /// <summary>Whether the output may be coloured.</summary>
    public bool HasColor { get; init; }

    /// <summary>Whether somebody watches the error output, so that progress may move there.</summary>
    public bool IsWatched { get; init; }

    /// <summary>The process's own: colour only on a terminal and without <c>NO_COLOR</c>.</summary>
    public static Terminal OfProcess()
    {
        bool isTerminal = !Console.IsOutputRedirected;
        bool noColor = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            || Environment.GetEnvironmentVariable("TERM") == "dumb";
        return new(Console.Out, Console.Error)
        {
            Width = isTerminal ? WidthOfConsole() : DefaultWidth,
            HasColor = isTerminal && !noColor,
            IsWatched = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb",
        };
    }

    /// <summary>Tells a mistake in one line: control characters and line ends within it, as a path or a library's message may have, become a space.</summary>
    /// <param name="message">What is wrong and what would be right.</param>
    public void WriteMistake(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        StringBuilder line = new(message.Length);
        foreach (char c in message.Trim())
        {
            bool breaks = char.IsControl(c) || c is '\u2028' or '\u2029';
            if (!breaks)
            {
                line.Append(c);
            }
            else if (line.Length > 0 && line[^1] != ' ')
            {
                line.Append(' ');
            }
        }

        Error.WriteLine(line.ToString());
    }

    private static int WidthOfConsole()
    {
        try
        {
            return Math.Clamp(Console.WindowWidth, 60, 240);
        }
        catch (IOException)
        {
            return DefaultWidth;
        }
    }
}
