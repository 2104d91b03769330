// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>
/// From syntax to a scenario. Each section is read into records first; then the records are held against each other, leaving out
/// what is already known to be wrong, so that one mistake gives one message.
/// </summary>
internal sealed partial class ScenarioBuilder
{
    private static readonly string[] ScenarioKeys = ["name", "seed", "host", "fabric", "initiators", "transfers", "routes", "faults"];

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
        return builder.Build(root);
    }

    private Scenario? Build(SyntaxNode root)
    {
        MappingReader reader = new(root, "a scenario", ScenarioKeys, _errors);
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
