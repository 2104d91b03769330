// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>
/// From syntax to a scenario. Each section is read into records first; then the records are held against each other, leaving out
/// what is already known to be wrong, so that one mistake gives one message.
/// </summary>
internal sealed partial class ScenarioBuilder
{
    private static readonly string[] ScenarioKeys = ["name", "seed", "host", "fabric", "initiators", "transfers", "routes", "faults", "kind"];

    private static readonly string[] ScenarioKinds = ["offload", "slices", "unaddressable", "storage"];

    private readonly ErrorList _errors;
    private readonly string _folder;
    private readonly IReadOnlyDictionary<string, string> _fileOverrides;
    private readonly NameTable _things;

    private ScenarioBuilder(ErrorList errors, string folder, IReadOnlyDictionary<string, string>? fileOverrides)
    {
        _errors = errors;
        _folder = folder;
        _fileOverrides = fileOverrides ?? new Dictionary<string, string>(StringComparer.Ordinal);
        _things = new NameTable(errors, "nodes, namespaces and initiators");
    }

    /// <summary>The scenario of a document; null where anything was wrong.</summary>
    /// <param name="root">The document.</param>
    /// <param name="folder">Where relative backing paths begin.</param>
    /// <param name="fileOverrides">Backing files of the command line, by namespace.</param>
    /// <param name="errors">Where mistakes go.</param>
    public static Scenario? Build(SyntaxNode root, string folder, IReadOnlyDictionary<string, string>? fileOverrides, ErrorList errors)
    {
        ScenarioBuilder builder = new(errors, folder, fileOverrides);
        return KindOf(root) switch
        {
            "slices" => builder.BuildSlices(root),
            "unaddressable" => builder.BuildUnaddressable(root),
            "storage" => builder.BuildStorage(root),
            null when root is MappingNode mapping && mapping["storage"] is not null => builder.AskForKind(mapping, "storage"),
            null when root is MappingNode mapping && mapping["slices"] is not null => builder.AskForKind(mapping, "slices"),
            null when root is MappingNode mapping && mapping["unaddressable"] is not null => builder.AskForKind(mapping, "unaddressable"),
            null or "offload" => builder.Build(root),
            _ => builder.RefuseKind((MappingNode)root),
        };
    }

    // The kind decides which keys are right, wherever it stands.
    private static string? KindOf(SyntaxNode root) => root is MappingNode mapping && mapping["kind"] is ScalarNode { IsNothing: false } kind ? kind.Text : null;

    private Scenario? RefuseKind(MappingNode root)
    {
        ScalarNode kind = (ScalarNode)root["kind"]!;
        _errors.Add(kind.Position, $"'kind': {Phrase.Quote(kind.Text)} is no kind of scenario{Phrase.DidYouMean(kind.Text, ScenarioKinds)} (there is: {Phrase.List(ScenarioKinds)})");
        return null;
    }

    private Scenario? AskForKind(MappingNode root, string kind)
    {
        _errors.Add(
            root.Entries.First(entry => string.Equals(entry.Key.Text, kind, StringComparison.Ordinal)).Key.Position,
            $"{Phrase.Quote(kind)} belongs to a scenario of kind {kind}; write 'kind: {kind}' too");
        return null;
    }

    private Scenario? Build(SyntaxNode root)
    {
        MappingReader reader = new(root, "a scenario", ScenarioKeys, _errors);
        _ = reader.Text("kind");
        string name = reader.Name("name") ?? "";
        ulong seed = reader.Number("seed", 0, ulong.MaxValue) ?? 1;
        HostSpec host = ReadHost(reader);

        ReadFabric(reader);
        ReadInitiators(reader);
        CheckFabric();

        ReadTransfers(reader);
        CheckTransfers();
        ReadRoutes(reader);
        CheckRoutes();
        ReadFaults(reader);
        CheckStaging(host);
        CheckBackings();

        return _errors.Count > 0 ? null : new(
            name,
            seed,
            host,
            [.. ParentsFirst().Select(WithReadOnlyNamespaces)],
            [.. _initiators.Values.Select(static draft => draft.Spec)],
            [.. _transfers.Select(static draft => draft.Spec)],
            [.. _routes.Select(static draft => draft.Spec)],
            _faults);
    }
}
