// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>Names that must differ from each other, and the references to them.</summary>
/// <param name="errors">Where mistakes go.</param>
/// <param name="plural">What is named, for messages: <c>routes</c>.</param>
internal sealed class NameTable(ErrorList errors, string plural)
{
    private readonly Dictionary<string, (string What, SourcePosition Position)> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _missing = new(StringComparer.Ordinal);

    /// <summary>Whether some name was wrong, so that a reference without a target may be its consequence.</summary>
    public bool IsIncomplete { get; set; }

    /// <summary>Enters a name; false and noted where it is taken.</summary>
    /// <param name="name">The name; null, where it could not be read, leaves the table incomplete.</param>
    /// <param name="what">What bears it: <c>nvme</c>, <c>namespace</c>.</param>
    /// <param name="position">Where it stands.</param>
    public bool TryAdd(string? name, string what, SourcePosition position)
    {
        if (name is null)
        {
            IsIncomplete = true;
            return false;
        }

        if (_names.TryAdd(name, (what, position)))
        {
            return true;
        }

        IsIncomplete = true;
        (string first, SourcePosition at) = _names[name];
        errors.Add(position, $"the name {Phrase.Quote(name)} is taken by the {first} at {at}; {plural} need different names");
        return false;
    }

    /// <summary>What bears a name, or null.</summary>
    public string? Find(string name) => _names.TryGetValue(name, out (string What, SourcePosition Position) entry) ? entry.What : null;

    /// <summary>Notes that a reference has no target, once per missing name.</summary>
    /// <param name="name">The missing name.</param>
    /// <param name="position">Where it is asked for.</param>
    /// <param name="wanted">What it should be: <c>a node of the fabric</c>.</param>
    /// <param name="choices">What exists.</param>
    public void NoteMissing(string name, SourcePosition position, string wanted, IReadOnlyCollection<string> choices)
    {
        if (IsIncomplete || !_missing.Add(name))
        {
            return;
        }

        errors.Add(position, $"there is no {wanted} {Phrase.Quote(name)}{Phrase.DidYouMean(name, choices)} (there is: {Phrase.List(choices)})");
    }
}
