// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Storage;

/// <summary>A file of 512 KiB on an array of four small cards with a spare: what each test varies is a parameter.</summary>
internal static class StorageScenario
{
    public static string Text(string routes = "- { name: raid10, level: 10 }", string faults = "") => $$"""
        name: file
        kind: storage
        seed: 7
        host:
          cpu: { vendor: AuthenticAMD, family: 25 }
          ram: { size: 128MiB }
        fabric:
          - { name: hb0, type: hostBridge, id: "1022:14a4", busOffset: 4GiB }
          - { name: rp0, type: rootPort, under: hb0, link: gen4x16, acs: [] }
          - { name: sw0, type: switch, under: rp0 }
          - { name: p0, type: downstreamPort, under: sw0, link: gen4x8, acs: [] }
          - { name: p1, type: downstreamPort, under: sw0, link: gen4x8, acs: [] }
          - { name: p2, type: downstreamPort, under: sw0, link: gen4x8, acs: [] }
          - { name: p3, type: downstreamPort, under: sw0, link: gen4x8, acs: [] }
          - { name: p4, type: downstreamPort, under: sw0, link: gen4x8, acs: [] }
          - { name: p5, type: downstreamPort, under: sw0, link: gen4x4, acs: [] }
          - { name: p6, type: downstreamPort, under: sw0, link: gen4x16, acs: [] }
          - { name: pmem0, type: pmem, under: p0, memory: 8MiB }
          - { name: pmem1, type: pmem, under: p1, memory: 8MiB }
          - { name: pmem2, type: pmem, under: p2, memory: 8MiB }
          - { name: pmem3, type: pmem, under: p3, memory: 8MiB }
          - { name: pmem4, type: pmem, under: p4, memory: 8MiB }
          - { name: nvme0, type: nvme, under: p5, namespaces: [{ name: ns0, size: 1MiB }] }
          - { name: nic0, type: rdmaNic, under: p6 }
        initiators:
          - { name: host0, nic: nic0, memory: 1MiB }
        storage:
          members: [pmem0, pmem1, pmem2, pmem3]
          spare: pmem4
          chunk: 16KiB
          file: 512KiB
          cut: 200KiB
          drive: ns0
          initiator: host0
        routes:
          {{routes}}
        {{(faults.Length == 0 ? "" : $"faults:\n  {faults}")}}

        """;

    public static (Scenario? Scenario, IReadOnlyList<ScenarioError> Errors) Read(string text, IReadOnlyDictionary<string, string>? files = null)
    {
        bool isRead = ScenarioReader.TryRead(Encoding.UTF8.GetBytes(text), "s.yaml", "/", files, out Scenario? scenario, out IReadOnlyList<ScenarioError> errors);
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
