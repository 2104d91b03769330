// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>A list.</summary>
/// <param name="Items">Its items, in order.</param>
/// <param name="Position">Its first character.</param>
internal sealed record SequenceNode(IReadOnlyList<SyntaxNode> Items, SourcePosition Position) : SyntaxNode(Position)
{
    public override string Kind => "a list";
}
