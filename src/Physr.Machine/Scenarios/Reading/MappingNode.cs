// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>Keys with values, in the author's order; a key may still be there twice.</summary>
/// <param name="Entries">Each key and its value.</param>
/// <param name="Position">Its first character.</param>
internal sealed record MappingNode(IReadOnlyList<KeyValuePair<ScalarNode, SyntaxNode>> Entries, SourcePosition Position) : SyntaxNode(Position)
{
    public override string Kind => "a mapping";

    /// <summary>The value of a key's first appearance, or null.</summary>
    public SyntaxNode? this[string key]
    {
        get
        {
            foreach ((ScalarNode name, SyntaxNode value) in Entries)
            {
                if (name.Text == key)
                {
                    return value;
                }
            }

            return null;
        }
    }
}
