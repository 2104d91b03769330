// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Machine.Bus;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Fabric;

/// <summary>Makes a device's Nth transaction fail, its link go down or the device disappear, as a scenario says. Counts transactions even when nothing fails, so
/// that a test can fail each in turn.</summary>
public sealed class FaultInjector
{
    private readonly FaultSpec[] _faults;
    private readonly Dictionary<string, ulong> _steps = new(StringComparer.Ordinal);

    /// <summary>Makes an injector of a route's faults.</summary>
    public FaultInjector(IEnumerable<FaultSpec> faults) => _faults = [.. faults];

    /// <summary>Nothing fails.</summary>
    public static FaultInjector None => new([]);

    /// <summary>What has been injected so far, in words.</summary>
    public IList<string> Injected { get; } = [];

    /// <summary>What was to be injected and never was, because the target made too few transactions, in words.</summary>
    public IEnumerable<string> Unreached =>
        _faults.Where(fault => fault.Step > StepsOf(fault.Target))
            .Select(fault => $"{Word(fault.Kind)} at transaction {fault.Step} of {fault.Target}: it had {StepsOf(fault.Target)}");

    /// <summary>How many transactions a device has mastered or been the target of.</summary>
    public ulong StepsOf(string device) => _steps.GetValueOrDefault(device);

    internal BusStatus OnTransaction(PciFabric fabric, FabricNode node)
    {
        ulong step = ++CollectionsMarshal.GetValueRefOrAddDefault(_steps, node.Name, out _);
        foreach (FaultSpec fault in _faults)
        {
            if (fault.Step == step && fault.Target == node.Name)
            {
                Injected.Add($"{Word(fault.Kind)} at transaction {step} of {node.Name}");
                return Inject(fabric, node, fault.Kind);
            }
        }

        return BusStatus.Success;
    }

    /// <summary>The kind as scenarios spell it.</summary>
    private static string Word(FaultKind kind) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());

    private static BusStatus Inject(PciFabric fabric, FabricNode node, FaultKind kind)
    {
        switch (kind)
        {
            case FaultKind.LinkDown:
                node.Parent!.Link!.IsUp = false;
                return BusStatus.LinkDown;
            case FaultKind.SurpriseRemoval:
                fabric.Remove(node);
                return BusStatus.DeviceGone;
            case FaultKind.UnsupportedRequest:
                return BusStatus.UnsupportedRequest;
            case FaultKind.LateCompletion:
                return BusStatus.CompletionTimeout;
            default:
                return BusStatus.Poisoned;
        }
    }
}
