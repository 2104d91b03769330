// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Scenarios;

/// <summary>
/// A scenario with every key, and ways to break it. A mutation replaces a piece of text that occurs once; the mark <c>¦</c> in the
/// replacement says where the one message must point.
/// </summary>
internal static class Draft
{
    public const char Mark = '¦';

    public const string Text = """
        # every key of a scenario
        name: full
        seed: 7
        host:
          cpu: { vendor: AuthenticAMD, family: 25 }
          kernel: 6.12
          ram: { size: 1GiB, rate: 38GB/s, latency: 90ns }
          iommu: { mode: strict, format: vtdSecondStage, iotlb: 512 }

        fabric:
          - { name: hb0, type: hostBridge, id: "1022:14a4", busOffset: 4GiB }
          - { name: rp0, type: rootPort, under: hb0, link: gen4x16, acs: [SV, RR] }
          - { name: sw0, type: switch, under: rp0 }
          - { name: sw0p0, type: downstreamPort, under: sw0, link: gen4x4, acs: [] }
          - { name: sw0p1, type: downstreamPort, under: sw0, link: gen5x8 }
          - { name: sw0p2, type: downstreamPort, under: sw0, link: gen4x16, acs: [TB, CR, UF, EC, DT] }
          - name: nvme0
            type: nvme
            under: sw0p0
            media: { read: 7GB/s, write: 6GB/s, latency: 60us }
            namespaces:
              - { name: ns0, size: 32MiB, lba: 512 }
          - name: nvme1
            type: nvme
            under: sw0p1
            cmb: { size: 64MiB, bar: 2 }
            namespaces:
              - { name: ns1, size: 16MiB }
              - { name: ns2, size: 16MiB }
          - { name: nic0, type: rdmaNic, under: sw0p2, id: "15b3:1021", dmaMask: 48 }
          - { name: rp1, type: rootPort, under: hb0, link: gen4x16 }
          - { name: gpu0, type: gpu, under: rp1, aperture: 256MiB, memory: 2GiB }

        initiators:
          - { name: initiator0, nic: nic0, memory: 48MiB, rate: 100Gb/s, latency: 2us }

        transfers:
          - { name: in, from: initiator0, fromOffset: 1MiB, to: ns1, toOffset: 4096, length: 8MiB, chunk: 128KiB, queueDepth: 8 }
          - { name: out, from: ns0, to: ns2, length: 4MiB }

        routes:
          - { name: bounce, memory: ram }
          - { name: pages, memory: nvme1, pages: true, acs: { sw0p0: [RR, CR] } }
          - { name: other-cpu, memory: gpu0, cpu: { vendor: GenuineIntel, family: 6 }, iommu: { mode: lazy }, dmaMask: { nvme0: 32 }, fallback: false }
          - { name: nearest, memory: auto }

        faults:
          - { kind: linkDown, target: nvme0, step: 3, route: bounce }
          - { kind: dmaError, target: nic0 }

        """;

    public static (Scenario? Scenario, IReadOnlyList<ScenarioError> Errors) Read(string text, string folder = "/", Dictionary<string, string>? files = null)
    {
        bool read = ScenarioReader.TryRead(Encoding.UTF8.GetBytes(text), "s.yaml", folder, files, out Scenario? scenario, out IReadOnlyList<ScenarioError> errors);
        Assert.Equal(read, errors.Count == 0);
        return (scenario, errors);
    }

    /// <summary>The text after a mutation, without the mark, and where the mark was.</summary>
    public static (string Text, long Line, long Column) Mutate(string find, string replacement)
    {
        int at = Text.IndexOf(find, StringComparison.Ordinal);
        Assert.True(at >= 0 && Text.IndexOf(find, at + 1, StringComparison.Ordinal) < 0, $"'{find}' must occur once");
        string marked = Text.Replace(find, replacement, StringComparison.Ordinal);
        int mark = marked.IndexOf(Mark, StringComparison.Ordinal);
        Assert.True(mark >= 0, "the replacement needs a mark");
        string before = marked[..mark];
        return (before + marked[(mark + 1)..], before.Count(static c => c == '\n') + 1, mark - before.LastIndexOf('\n'));
    }
}
