// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>A value of the document: a scalar, a list or a mapping, and where it begins.</summary>
/// <param name="Position">Its first character.</param>
internal abstract record SyntaxNode(SourcePosition Position)
{
    /// <summary>What it is, with its article, for messages.</summary>
    public abstract string Kind { get; }
}
