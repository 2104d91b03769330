// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;

namespace Physr.Machine.Scenarios.Reading;

/// <summary>From bytes to text: UTF-8, of a sane size, without characters that no text has.</summary>
internal static class DocumentText
{
    /// <summary>A scenario is written by hand.</summary>
    public const int MostBytes = 1 << 20;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file's bytes, at most one more than are allowed; also from a pipe.</summary>
    public static byte[] ReadBytes(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] buffer = new byte[MostBytes + 1];
        int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return buffer[..length];
    }

    /// <summary>The text of the bytes, or null after noting why not.</summary>
    public static string? Decode(ReadOnlySpan<byte> bytes, ErrorList errors)
    {
        if (bytes.Length > MostBytes)
        {
            errors.Add(new(1, 1), $"the scenario is larger than {MostBytes >> 20} MiB; a scenario is a few kilobytes of YAML");
            return null;
        }

        ReadOnlySpan<byte> body = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[3..] : bytes;
        try
        {
            return Strict.GetString(body);
        }
        catch (DecoderFallbackException failure)
        {
            ReadOnlySpan<byte> valid = body[..Math.Max(0, failure.Index)];
            int lineStart = valid.LastIndexOf((byte)'\n') + 1;
            byte bad = body[valid.Length];
            errors.Add(
                new(valid.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(valid[lineStart..]) + 1),
                $"byte 0x{bad:x2} is not UTF-8; save the scenario as UTF-8 text");
            return null;
        }
    }

    /// <summary>Whether the text has only characters that a hand types; notes the first that is none, or a tab that indents.</summary>
    public static bool IsPlain(string text, ErrorList errors)
    {
        long line = 1;
        int lineStart = 0;
        bool indenting = true;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\n')
            {
                (line, lineStart, indenting) = (line + 1, i + 1, true);
            }
            else if (c == '\t' && indenting)
            {
                errors.Add(new(line, i - lineStart + 1), "a tab indents this line; YAML indents with spaces");
                return false;
            }
            else if (char.IsControl(c) && c is not ('\t' or '\r'))
            {
                errors.Add(new(line, i - lineStart + 1), $"control character U+{(int)c:X4}; a scenario is plain text");
                return false;
            }
            else if (c != ' ')
            {
                indenting = false;
            }
        }

        return true;
    }
}
