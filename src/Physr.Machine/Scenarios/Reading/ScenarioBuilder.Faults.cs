// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

internal sealed partial class ScenarioBuilder
{
    private static readonly string[] FaultKeys = ["kind", "target", "step", "route"];

    private static readonly Dictionary<string, FaultKind> FaultKinds = new(StringComparer.Ordinal)
    {
        ["linkDown"] = FaultKind.LinkDown,
        ["surpriseRemoval"] = FaultKind.SurpriseRemoval,
        ["unsupportedRequest"] = FaultKind.UnsupportedRequest,
        ["lateCompletion"] = FaultKind.LateCompletion,
        ["dmaError"] = FaultKind.DmaError,
    };

    private readonly List<FaultSpec> _faults = [];

    private void ReadFaults(MappingReader scenario)
    {
        foreach (SyntaxNode item in scenario.Items("faults", Limits.Faults))
        {
            MappingReader fault = new(item, "a fault", FaultKeys, _errors);
            string? word = fault.Text("kind", required: true);
            FaultKind kind = default;
            if (word is not null && !FaultKinds.TryGetValue(word, out kind))
            {
                _errors.Add(fault.At("kind"), $"{Phrase.Quote(word)} is no kind of fault{Phrase.DidYouMean(word, FaultKinds.Keys)} (there is: {Phrase.List(FaultKinds.Keys)})");
            }

            string? target = fault.Text("target", required: true);
            CheckTarget(fault, target);
            ulong step = fault.Number("step", 1, ulong.MaxValue) ?? 1;
            string? route = fault.Text("route");
            if (route is not null && _routeNames!.Find(route) is null)
            {
                _routeNames.NoteMissing(route, fault.At("route"), "route", [.. _routes.Select(static draft => draft.Spec.Name)]);
            }

            _faults.Add(new(kind, target ?? "", step, route));
        }
    }

    private void CheckTarget(MappingReader fault, string? target)
    {
        if (target is null)
        {
            return;
        }

        string[] devices = [.. _fabric.Values.Where(static node => node.IsDevice).Select(static node => node.Name)];
        if (!_fabric.TryGetValue(target, out FabricDraft? node))
        {
            _things.NoteMissing(target, fault.At("target"), "device", devices);
        }
        else if (node.Kind is { } kind && !node.IsDevice)
        {
            _errors.Add(fault.At("target"), $"'target': {Phrase.Quote(target)} is {OneOf(kind)}; a fault hits a device and its link (there is: {Phrase.List(devices)})");
        }
    }
}
