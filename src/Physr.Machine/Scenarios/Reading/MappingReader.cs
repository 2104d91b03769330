// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;

namespace Physr.Machine.Scenarios.Reading;

/// <summary>
/// Reads the keys of one mapping and notes what is wrong with them: unknown and duplicate keys once and at once, a missing key or
/// a wrong value when it is asked for. A value that is wrong reads as absent.
/// </summary>
internal sealed class MappingReader
{
    private readonly ErrorList _errors;
    private readonly string _what;
    private readonly int _errorsBefore;

    // A required key that is there under a wrong spelling is not also missing.
    private readonly HashSet<string> _misspelt = new(StringComparer.Ordinal);

    /// <summary>Checks the keys.</summary>
    /// <param name="node">What should be a mapping.</param>
    /// <param name="what">What the mapping describes, for messages: <c>a transfer</c>.</param>
    /// <param name="keys">The keys it may have.</param>
    /// <param name="elsewhere">Keys that are right elsewhere, and what to say of them.</param>
    /// <param name="errors">Where mistakes go.</param>
    public MappingReader(SyntaxNode node, string what, IReadOnlyCollection<string> keys, ErrorList errors, Func<string, string?>? elsewhere = null)
    {
        _errors = errors;
        _errorsBefore = errors.Count;
        _what = what;
        if (node is MappingNode mapping)
        {
            Node = mapping;
            CheckKeys(keys, elsewhere);
        }
        else
        {
            IsMapping = false;
            Node = new MappingNode([], node.Position);
            errors.Add(node.Position, $"{what} is a mapping of {Phrase.List(keys)}, not {node.Kind}");
        }
    }

    /// <summary>The mapping; empty where there is none.</summary>
    public MappingNode Node { get; }

    /// <summary>Whether there was a mapping at all.</summary>
    public bool IsMapping { get; } = true;

    /// <summary>Whether nothing wrong has been found in it so far.</summary>
    public bool IsSound => _errors.Count == _errorsBefore;

    /// <summary>Where a key's value stands, or the mapping where the key is absent.</summary>
    public SourcePosition At(string key) => Node[key]?.Position ?? Node.Position;

    /// <summary>A key's value of whatever kind; null and noted where it is required and absent, or present without a value.</summary>
    public SyntaxNode? Value(string key, bool required = false)
    {
        SyntaxNode? value = Node[key];
        if (value is ScalarNode { IsNothing: true })
        {
            _errors.Add(value.Position, $"{Phrase.Quote(key)} has no value; give it one or leave the key out");
            return null;
        }

        if (value is null && required && IsMapping && !_misspelt.Contains(key))
        {
            _errors.Add(Node.Position, $"{_what} needs the key {Phrase.Quote(key)}");
        }

        return value;
    }

    /// <summary>A word or a text.</summary>
    public string? Text(string key, bool required = false)
    {
        SyntaxNode? value = Value(key, required);
        if (value is SequenceNode or MappingNode)
        {
            _errors.Add(value.Position, $"{Phrase.Quote(key)} is one word or text, not {value.Kind}");
        }

        return (value as ScalarNode)?.Text;
    }

    /// <summary>A name: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, beginning with a letter.</summary>
    public string? Name(string key)
    {
        string? text = Text(key, required: true);
        if (text is null || IsName(text))
        {
            return text;
        }

        _errors.Add(At(key), $"{Phrase.Quote(text)} is no name; names begin with a letter and go on with letters, digits, '-', '_' or '.', 64 at most");
        return null;
    }

    /// <summary>A size, a rate or a time within limits.</summary>
    public ulong? Quantity(string key, QuantityParser parse, ulong least = 0, ulong most = ulong.MaxValue, bool required = false, Func<ulong, string>? format = null)
    {
        if (Text(key, required) is not { } text)
        {
            return null;
        }

        if (!parse(text, out ulong value, out string? problem))
        {
            _errors.Add(At(key), $"{Phrase.Quote(key)}: {problem}");
            return null;
        }

        if (value >= least && value <= most)
        {
            return value;
        }

        string limit = value < least ? $"less than the least, {(format ?? Plain)(least)}" : $"more than the most, {(format ?? Plain)(most)}";
        _errors.Add(At(key), $"{Phrase.Quote(key)}: {Phrase.Quote(text)} is {limit}");
        return null;
    }

    /// <summary>A size in bytes.</summary>
    public ulong? Size(string key, ulong least = 0, ulong most = ulong.MaxValue, bool required = false) =>
        Quantity(key, SizeText.TryParse, least, most, required, SizeText.Format);

    /// <summary>A rate in bytes per second: at least 1 kB/s, at most 1 PB/s.</summary>
    public ulong? Rate(string key) => Quantity(key, RateText.TryParse, 1000, 1_000_000_000_000_000, format: static value => $"{value}B/s");

    /// <summary>A time in nanoseconds, at most a minute.</summary>
    public ulong? Time(string key) => Quantity(key, TimeText.TryParse, 0, 60_000_000_000, format: static value => $"{value}ns");

    /// <summary>A whole number within limits.</summary>
    public ulong? Number(string key, ulong least, ulong most, bool required = false) => Quantity(key, TryParseNumber, least, most, required);

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool? Flag(string key)
    {
        switch (Text(key))
        {
            case null:
                return null;
            case "true":
                return true;
            case "false":
                return false;
            case { } text:
                _errors.Add(At(key), $"{Phrase.Quote(key)}: {Phrase.Quote(text)} is neither true nor false");
                return null;
        }
    }

    /// <summary>The items of a list; none where the key is absent, no list, or has more than <paramref name="most"/>.</summary>
    public IReadOnlyList<SyntaxNode> Items(string key, int most, bool required = false)
    {
        SyntaxNode? value = Value(key, required);
        if (value is SequenceNode sequence)
        {
            if (required && sequence.Items.Count == 0)
            {
                _errors.Add(sequence.Position, $"{Phrase.Quote(key)} is empty; {_what} needs at least one");
            }

            if (sequence.Items.Count > most)
            {
                _errors.AddOnly(sequence.Items[most].Position, $"{Phrase.Quote(key)} has {sequence.Items.Count} items; {most} are the most");
                return [];
            }

            return sequence.Items;
        }

        if (value is not null)
        {
            _errors.Add(value.Position, $"{Phrase.Quote(key)} is a list, not {value.Kind}");
        }

        return [];
    }

    private static string Plain(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    private static bool IsName(string text) =>
        text.Length is > 0 and <= 64 && char.IsAsciiLetter(text[0]) && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static bool TryParseNumber(string text, out ulong value, out string? problem)
    {
        bool hexadecimal = text.StartsWith("0x", StringComparison.Ordinal);
        ReadOnlySpan<char> digits = hexadecimal ? text.AsSpan(2) : text;
        NumberStyles style = hexadecimal ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        bool read = ulong.TryParse(digits, style, CultureInfo.InvariantCulture, out value);
        bool isNumber = digits.Length > 0 && !digits.ContainsAnyExcept(hexadecimal ? "0123456789abcdefABCDEF" : "0123456789");
        problem = (read, isNumber) switch
        {
            (true, _) => null,
            (false, true) => $"{Phrase.Quote(text)} is larger than {ulong.MaxValue}",
            _ when text.StartsWith('-') => $"{Phrase.Quote(text)} is negative; write a whole number from 0",
            _ => $"{Phrase.Quote(text)} is not a whole number",
        };
        return read;
    }

    private void CheckKeys(IReadOnlyCollection<string> keys, Func<string, string?>? elsewhere)
    {
        Dictionary<string, SourcePosition> seen = new(StringComparer.Ordinal);
        foreach ((ScalarNode key, _) in Node.Entries)
        {
            if (!seen.TryAdd(key.Text, key.Position))
            {
                _errors.Add(key.Position, $"{Phrase.Quote(key.Text)} is given twice, first at {seen[key.Text]}; keep one");
            }
            else if (!keys.Contains(key.Text, StringComparer.Ordinal))
            {
                _errors.Add(key.Position, elsewhere?.Invoke(key.Text) ?? DescribeUnknown(key.Text, keys));
            }
        }
    }

    private string DescribeUnknown(string key, IReadOnlyCollection<string> keys)
    {
        // A key that is there already was hardly meant.
        if (Phrase.Nearest(key, keys.Where(known => Node[known] is null)) is { } near)
        {
            _misspelt.Add(near);
            return $"{_what} has no key {Phrase.Quote(key)}; did you mean {Phrase.Quote(near)}?";
        }

        return $"{_what} has no key {Phrase.Quote(key)}; its keys are {Phrase.List(keys)}";
    }
}
