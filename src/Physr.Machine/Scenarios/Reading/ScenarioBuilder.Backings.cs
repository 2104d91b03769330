// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

internal sealed partial class ScenarioBuilder
{
    // Namespaces by the number of their file.
    private readonly Dictionary<ulong, List<NamespaceSpec>> _filed = [];

    // Whether the run writes into every namespace, whatever the transfers say.
    private bool _writesEveryNamespace;

    /// <summary>Holds the files of namespaces against them.</summary>
    /// <param name="cards">What else the command line may back by a file.</param>
    private void CheckBackings(IEnumerable<string>? cards = null)
    {
        string[] backed = [.. _namespaces.Keys, .. cards ?? []];
        string what = cards is null ? "namespace" : "namespace or pmem";
        foreach ((string name, string path) in _fileOverrides.Where(pair => !backed.Contains(pair.Key, StringComparer.Ordinal)))
        {
            // Where names are wrong already, the namespace may be one of them.
            if (!_things.IsIncomplete)
            {
                _errors.AddOption(Option(name, path), $"there is no {what} {Phrase.Quote(name)}{Phrase.DidYouMean(name, backed)} (there is: {Phrase.List(backed)})");
            }
        }

        foreach (NamespaceDraft ns in _namespaces.Values.Where(static ns => ns.IsSound && ns.Spec.BackingPath is not null))
        {
            if (DescribeBacking(ns.Spec, ns.Spec.BackingPath!) is not { } problem)
            {
                continue;
            }

            if (_fileOverrides.TryGetValue(ns.Spec.Name, out string? file))
            {
                _errors.AddOption(Option(ns.Spec.Name, file), problem);
            }
            else
            {
                _errors.Add(ns.Reader.At("backing"), $"'backing': {problem}");
            }
        }
    }

    private static string Option(string name, string path) => $"--file {name}={path}";

    // A drive of which nothing is ever written needs no more than a look at its file.
    private FabricSpec WithReadOnlyNamespaces(FabricSpec node) =>
        node with { Namespaces = [.. node.Namespaces.Select(ns => ns with { IsReadOnly = !IsWritten(ns) })] };

    private bool IsWritten(NamespaceSpec ns) => _writesEveryNamespace || _transfers.Exists(draft => draft.Spec.To == ns.Name);

    private string? DescribeBacking(NamespaceSpec spec, string path, bool isCard = false)
    {
        try
        {
            if (!BackingFile.Exists(path))
            {
                return $"there is no file {Phrase.Quote(path)}; make one with: truncate -s {spec.SizeBytes} {path}";
            }

            return BackingFile.DescribeOther(path) is { } other
                ? $"{Phrase.Quote(path)} is not an ordinary file but {other}; name a file of at least {SizeText.Format(spec.SizeBytes)}"
                : (isCard ? DescribeCard(BackingFile.Length(path), spec, path) : DescribeLength(BackingFile.Length(path), spec, path)) ?? DescribeAccess(spec, path) ?? DescribeSharing(spec, path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return $"{Phrase.Quote(path)} cannot be opened for reading: {failure.Message.TrimEnd('.')}";
        }
    }

    // A card is all of its file: what lies behind would be lost to nobody knows whom.
    private static string? DescribeCard(ulong length, NamespaceSpec spec, string path) =>
        length == spec.SizeBytes ? null : $"{Phrase.Quote(path)} has {length} bytes, the pmem {Phrase.Quote(spec.Name)} has {spec.SizeBytes}; a card is as long as its file: truncate -s {spec.SizeBytes} {path}";

    private static string? DescribeLength(ulong length, NamespaceSpec spec, string path)
    {
        if (length < spec.SizeBytes)
        {
            return $"{Phrase.Quote(path)} has {length} bytes, the namespace {Phrase.Quote(spec.Name)} has {spec.SizeBytes}; lengthen the file or make 'size' smaller";
        }

        return length % (ulong)spec.LbaBytes == 0
            ? null
            : $"{Phrase.Quote(path)} has {length} bytes, which are no whole blocks of {spec.LbaBytes} bytes; {Phrase.NearestMultiples(length, (ulong)spec.LbaBytes)}";
    }

    private string? DescribeAccess(NamespaceSpec spec, string path)
    {
        bool isWritten = IsWritten(spec);
        try
        {
            using FileStream stream = new(path, FileMode.Open, isWritten ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite);
            return null;
        }
        catch (Exception failure) when (isWritten && failure is (IOException or UnauthorizedAccessException))
        {
            return $"{Phrase.Quote(path)} cannot be opened for reading and writing, and a transfer writes to {Phrase.Quote(spec.Name)}: {failure.Message.TrimEnd('.')}";
        }
    }

    // Two names may lead to one file: by links, hard or symbolic, and by mounts.
    private string? DescribeSharing(NamespaceSpec spec, string path)
    {
        ulong number = BackingFile.InodeNumber(path);
        if (!_filed.TryGetValue(number, out List<NamespaceSpec>? alike))
        {
            _filed.Add(number, alike = []);
        }

        NamespaceSpec? user = alike.Find(other => other.BackingPath == path || BackingFile.AreOne(other.BackingPath!, path));
        alike.Add(spec);
        if (user is null)
        {
            return null;
        }

        string what = user.BackingPath == path ? "" : $", under the name {Phrase.Quote(user.BackingPath!)},";
        return $"the file {Phrase.Quote(path)} backs {Phrase.Quote(user.Name)}{what} already; give {Phrase.Quote(spec.Name)} a file of its own";
    }
}
