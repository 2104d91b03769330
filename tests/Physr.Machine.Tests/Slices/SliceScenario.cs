// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Slices;

/// <summary>A device with three BARs of 4 KiB below a switch with two GPUs: what each test varies is a parameter.</summary>
internal static class SliceScenario
{
    public const string Redirect = "acs: { p0: [RR, CR], p1: [RR, CR], p2: [RR, CR] }";

    public static string Text(string routes = "- { name: peer }", string buffers = "", string cpu = "{ vendor: AuthenticAMD, family: 25 }", int inFlight = 12) => $$"""
        name: lend
        kind: slices
        seed: 7
        host:
          cpu: {{cpu}}
          ram: { size: 1GiB }
        fabric:
          - { name: hb0, type: hostBridge, id: "1022:14a4", busOffset: 4GiB }
          - { name: rp0, type: rootPort, under: hb0, link: gen4x16, acs: [] }
          - { name: sw0, type: switch, under: rp0 }
          - { name: p0, type: downstreamPort, under: sw0, link: gen4x4, acs: [] }
          - { name: p1, type: downstreamPort, under: sw0, link: gen4x16, acs: [] }
          - { name: p2, type: downstreamPort, under: sw0, link: gen4x16, acs: [] }
          - { name: vf0, type: endpoint, under: p0, bars: [4KiB, 4KiB, 4KiB] }
          - { name: gpu0, type: gpu, under: p1, aperture: 1MiB, memory: 16MiB }
          - { name: gpu1, type: gpu, under: p2, aperture: 1MiB, memory: 16MiB }
        slices:
          exporter: vf0
          importers: [gpu0, gpu1]
          buffers: {{(buffers.Length == 0 ? "[ { name: a, bar: 0 }, { name: b, bar: 2 }, { name: c, bar: 4 } ]" : buffers)}}
          inFlight: {{inFlight}}
        routes:
          {{routes}}

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
