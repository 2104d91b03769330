// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Unaddressable;

/// <summary>A process with 16 MiB of data and a GPU with 4 MiB that no CPU can address: what each test varies is a parameter.</summary>
internal static class ProcessScenario
{
    public static string Text(string routes = "- { name: migrate }", string faults = "", string memory = "4MiB", string data = "16MiB") => $$"""
        name: process
        kind: unaddressable
        seed: 7
        host:
          cpu: { vendor: AuthenticAMD, family: 25 }
          ram: { size: 128MiB }
        fabric:
          - { name: hb0, type: hostBridge, id: "1022:14a4", busOffset: 4GiB }
          - { name: rp0, type: rootPort, under: hb0, link: gen4x16 }
          - { name: gpu0, type: gpu, under: rp0, aperture: 1MiB, memory: 8MiB }
        unaddressable:
          gpu: gpu0
          memory: {{memory}}
          data: {{data}}
          nodes: 40
          counters: 5
          rounds: 6
        routes:
          {{routes}}
        {{(faults.Length == 0 ? "" : $"faults:\n  {faults}")}}

        """;

    public static (Scenario? Scenario, IReadOnlyList<ScenarioError> Errors) Read(string text)
    {
        bool isRead = ScenarioReader.TryRead(Encoding.UTF8.GetBytes(text), "s.yaml", "/", null, out Scenario? scenario, out IReadOnlyList<ScenarioError> errors);
        Assert.Equal(isRead, errors.Count == 0);
        return (scenario, errors);
    }

    public static Scenario Good(string text)
    {
        (Scenario? scenario, IReadOnlyList<ScenarioError> errors) = Read(text);
        Assert.True(scenario is not null, string.Join("\n", errors));
        return scenario;
    }
}
