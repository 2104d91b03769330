// Copyright (c) The Physr authors. Licensed under the MIT license.

using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Physr.Machine.Scenarios.Reading;

/// <summary>
/// From YAML text to syntax nodes: one document, no anchors, aliases, merge keys or tags, nesting and size bounded, so that
/// nothing an author can write makes reading slow or deep.
/// </summary>
internal sealed class DocumentParser
{
    /// <summary>The deepest that a key of a scenario lies is 5.</summary>
    public const int DeepestNesting = 32;

    /// <summary>Far above any scenario, far below what would be slow.</summary>
    public const int MostNodes = 50_000;

    private readonly Parser _parser;
    private readonly ErrorList _errors;
    private int _nodes;

    private DocumentParser(string text, ErrorList errors)
    {
        _parser = new Parser(new StringReader(text));
        _errors = errors;
    }

    /// <summary>The root of the text's only document, or null after noting the one thing that stopped reading.</summary>
    public static SyntaxNode? Parse(string text, ErrorList errors)
    {
        DocumentParser parser = new(text, errors);
        try
        {
            return parser.ParseDocument();
        }
        catch (Stop)
        {
            return null;
        }
        catch (YamlException failure)
        {
            errors.Add(At(failure.Start), Explain(failure));
            return null;
        }
        catch (Exception failure) when (failure is ArgumentException or InvalidOperationException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            // The scanner's own answers to a few malformed directives and escapes.
            errors.Add(At(parser._parser.Current?.Start ?? Mark.Empty), "this is not YAML; see docs/scenarios.md for an example");
            return null;
        }
    }

    private static SourcePosition At(Mark mark) => new(Math.Max(1, mark.Line), Math.Max(1, mark.Column));

    private static string Explain(YamlException failure)
    {
        string message = failure.Message.Trim().TrimEnd('.', '!');
        message = message.Length == 0 ? "unreadable" : char.ToLowerInvariant(message[0]) + message[1..];
        return $"this is not YAML: {message}; check indentation, brackets, quotes and colons here and in the line above";
    }

    private SyntaxNode ParseDocument()
    {
        Next();
        Next();
        if (_parser.Current is not DocumentStart)
        {
            throw Refuse(new SourcePosition(1, 1), "the scenario is empty; it needs at least name, host, fabric, transfers and routes");
        }

        Next();
        SyntaxNode root = ParseNode(depth: 0);
        if (_parser.Current is not DocumentEnd)
        {
            throw Refuse(At(_parser.Current!.Start), "the document ends before this; a scenario is one mapping");
        }

        Next();
        if (_parser.Current is DocumentStart second)
        {
            throw Refuse(At(second.Start), "a second document begins here; a scenario file holds one");
        }

        return root;
    }

    // Leaves the parser on the event after the node.
    private SyntaxNode ParseNode(int depth)
    {
        ParsingEvent current = _parser.Current!;
        SourcePosition at = At(current.Start);
        if (++_nodes > MostNodes)
        {
            throw Refuse(at, $"the scenario has more than {MostNodes} values");
        }

        if (depth > DeepestNesting)
        {
            throw Refuse(at, $"values are nested deeper than {DeepestNesting}; no key of a scenario needs that");
        }

        RefuseReferences(current, at);
        switch (current)
        {
            case Scalar scalar:
                Next();
                return new ScalarNode(scalar.Value, scalar.Style == ScalarStyle.Plain, at);
            case SequenceStart:
                return ParseSequence(at, depth);
            case MappingStart:
                return ParseMapping(at, depth);
            default:
                throw Refuse(at, "this is no value");
        }
    }

    private SequenceNode ParseSequence(SourcePosition at, int depth)
    {
        List<SyntaxNode> items = [];
        Next();
        while (_parser.Current is not SequenceEnd)
        {
            items.Add(ParseNode(depth + 1));
        }

        Next();
        return new SequenceNode(items, at);
    }

    private MappingNode ParseMapping(SourcePosition at, int depth)
    {
        List<KeyValuePair<ScalarNode, SyntaxNode>> entries = [];
        Next();
        while (_parser.Current is not MappingEnd)
        {
            if (ParseNode(depth + 1) is not ScalarNode key)
            {
                throw Refuse(at, "a key of this mapping is itself a list or a mapping; keys are words");
            }

            entries.Add(new(key, ParseNode(depth + 1)));
        }

        Next();
        return new MappingNode(entries, at);
    }

    private void RefuseReferences(ParsingEvent current, SourcePosition at)
    {
        if (current is AnchorAlias alias)
        {
            throw Refuse(at, $"alias {Phrase.Quote("*" + alias.Value)}: a scenario has no anchors and aliases; write the value out");
        }

        if (current is NodeEvent { Anchor.IsEmpty: false } anchored)
        {
            throw Refuse(at, $"anchor {Phrase.Quote("&" + anchored.Anchor)}: a scenario has no anchors and aliases; write the value out where it is needed");
        }

        if (current is NodeEvent { Tag: { IsEmpty: false } tag } && current is not Scalar { Tag: { IsNonSpecific: true } })
        {
            throw Refuse(at, $"tag {Phrase.Quote(tag.ToString())}: a scenario has no tags; the key says what its value is");
        }

        if (current is Scalar { Value: "<<", Style: ScalarStyle.Plain })
        {
            throw Refuse(at, "'<<' merges mappings in some YAML; a scenario writes them out");
        }
    }

    private void Next()
    {
        if (!_parser.MoveNext())
        {
            throw Refuse(At(_parser.Current?.End ?? Mark.Empty), "the text ends too early");
        }
    }

    private Stop Refuse(SourcePosition at, string message)
    {
        _errors.Add(at, message);
        return new Stop();
    }

    // Reading cannot go on after a mistake of syntax; nobody outside sees this.
    private sealed class Stop : Exception;
}
