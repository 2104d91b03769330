// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

internal sealed partial class ScenarioBuilder
{
    private void CheckBackings()
    {
        foreach ((string name, string path) in _fileOverrides.Where(pair => !_namespaces.ContainsKey(pair.Key)))
        {
            // Where names are wrong already, the namespace may be one of them.
            if (!_things.IsIncomplete)
            {
                _errors.AddOption(Option(name, path), $"there is no namespace {Phrase.Quote(name)}{Phrase.DidYouMean(name, _namespaces.Keys)} (there is: {Phrase.List(_namespaces.Keys)})");
            }
        }

        HashSet<string> written = [.. _transfers.Select(static draft => draft.Spec.To)];
        Dictionary<string, string> users = new(StringComparer.Ordinal);
        foreach (NamespaceDraft ns in _namespaces.Values.Where(static ns => ns.IsSound && ns.Spec.BackingPath is not null))
        {
            string path = ns.Spec.BackingPath!;
            string? problem = users.TryAdd(path, ns.Spec.Name)
                ? DescribeFile(path, ns.Spec, written.Contains(ns.Spec.Name))
                : $"the file {Phrase.Quote(path)} backs {Phrase.Quote(users[path])} already; two namespaces would overwrite each other";
            if (problem is null)
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

    private static string? DescribeFile(string path, NamespaceSpec spec, bool isWritten)
    {
        if (Directory.Exists(path))
        {
            return $"{Phrase.Quote(path)} is a directory; name a file of at least {SizeText.Format(spec.SizeBytes)}";
        }

        FileInfo file = new(path);
        if (!file.Exists)
        {
            return $"there is no file {Phrase.Quote(path)}; make one with: truncate -s {spec.SizeBytes} {path}";
        }

        // Length first: a pipe or a terminal has none, and opening one could wait forever.
        long length = (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length;
        if ((ulong)length < spec.SizeBytes)
        {
            return $"{Phrase.Quote(path)} has {length} bytes, the namespace {Phrase.Quote(spec.Name)} has {spec.SizeBytes}; lengthen the file or make 'size' smaller";
        }

        try
        {
            using FileStream stream = new(path, FileMode.Open, isWritten ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return $"{Phrase.Quote(path)} cannot be opened for {(isWritten ? "reading and writing" : "reading")}: {failure.Message.TrimEnd('.')}";
        }
    }
}
