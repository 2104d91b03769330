// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>One mistake in a scenario's text.</summary>
/// <param name="File">The file as it was named, or the command-line option that is wrong.</param>
/// <param name="Line">Line, from 1; 0 where the mistake has no place in the text.</param>
/// <param name="Column">Column, from 1, or 0.</param>
/// <param name="Message">What is wrong and what would be right.</param>
public sealed record ScenarioError(string File, long Line, long Column, string Message)
{
    /// <summary>The mistake as compilers print theirs: <c>file:line:column: message</c>, or <c>file: message</c>.</summary>
    public override string ToString() => Line == 0 ? $"{File}: {Message}" : $"{File}:{Line}:{Column}: {Message}";
}
