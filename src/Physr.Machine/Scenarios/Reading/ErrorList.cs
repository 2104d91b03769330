// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>Collects mistakes; gives the first twenty in the text's order.</summary>
/// <param name="file">The file as it was named.</param>
internal sealed class ErrorList(string file)
{
    /// <summary>More are not told: they are mostly consequences.</summary>
    public const int Most = 20;

    private readonly List<ScenarioError> _errors = [];
    private ScenarioError? _only;

    /// <summary>How many there are so far.</summary>
    public int Count => _errors.Count;

    /// <summary>Notes a mistake at a place of the text.</summary>
    public void Add(SourcePosition at, string message) => _errors.Add(new(file, at.Line, at.Column, message));

    /// <summary>Notes a mistake of a command-line option, which has no line.</summary>
    public void AddOption(string option, string message) => _errors.Add(new(option, 0, 0, message));

    /// <summary>Notes a mistake that makes all others not worth telling.</summary>
    public void AddOnly(SourcePosition at, string message)
    {
        Add(at, message);
        _only ??= _errors[^1];
    }

    /// <summary>The mistakes to report.</summary>
    public IReadOnlyList<ScenarioError> ToList() =>
        _only is not null ? [_only] : [.. _errors.OrderBy(static error => error.Line).ThenBy(static error => error.Column).Take(Most)];
}
