// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>A word, a number or a quoted text; what it means is for the reader of its key to say.</summary>
/// <param name="Text">The text without quotes.</param>
/// <param name="IsPlain">Whether it stood without quotes.</param>
/// <param name="Position">Its first character.</param>
internal sealed record ScalarNode(string Text, bool IsPlain, SourcePosition Position) : SyntaxNode(Position)
{
    /// <summary>Whether the author left the value out, or wrote YAML's null.</summary>
    public bool IsNothing => IsPlain && Text is "" or "~" or "null";

    public override string Kind => IsNothing ? "nothing" : Phrase.Quote(Text);
}
