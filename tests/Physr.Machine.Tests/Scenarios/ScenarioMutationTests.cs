// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Scenarios;

/// <summary>One mistake, one message, at the right place.</summary>
public class ScenarioMutationTests
{
    public static TheoryData<string, string, string> Mutations => new()
    {
        // keys
        { "seed: 7", "¦sed: 7", "a scenario has no key 'sed'; did you mean 'seed'?" },
        { "seed: 7", "¦colour: red", "a scenario has no key 'colour'; its keys are name, seed, host" },
        { "name: full", "¦nmae: full", "did you mean 'name'?" },
        { "seed: 7", "seed: 7\n¦seed: 8", "'seed' is given twice, first at 3:1; keep one" },
        { "size: 1GiB, rate", "¦siez: 1GiB, rate", "'ram' has no key 'siez'; did you mean 'size'?" },
        { "{ size: 1GiB, rate: 38GB/s, latency: 90ns }", "¦{ rate: 38GB/s }", "'ram' needs the key 'size'" },
        { "seed: 7", "seed:¦", "'seed' has no value; give it one or leave the key out" },
        { "seed: 7", "seed: ¦[7]", "'seed' is one word or text, not a list" },
        { "cpu: { vendor: AuthenticAMD, family: 25 }", "cpu: ¦amd", "'cpu' is a mapping of vendor, family, not 'amd'" },
        { "{ name: bounce, memory: ram }", "¦bounce", "a route is a mapping of name, memory, pages, cpu, iommu, acs, dmaMask, fallback, not 'bounce'" },
        { "under: sw0p2, id", "¦cmb: { size: 1MiB }, under: sw0p2, id", "an rdmaNic has no key 'cmb'; it belongs to nvme" },

        { "seed: 7", "¦<<: { seed: 7 }", "'<<' merges mappings in some YAML; a scenario writes them out" },

        // names
        { "name: rp1,", "name: ¦rp0,", "the name 'rp0' is taken by the rootPort at 12:13; nodes, namespaces and initiators need different names" },
        { "name: ns1, size", "name: ¦ns0, size", "the name 'ns0' is taken by the namespace at 22:17" },
        { "name: initiator0, nic", "name: ¦gpu0, nic", "the name 'gpu0' is taken by the gpu at 32:13" },
        { "name: out", "name: ¦in", "the name 'in' is taken by the transfer at 38:13; transfers need different names" },
        { "name: nearest", "name: ¦bounce", "the name 'bounce' is taken by the route at 42:13; routes need different names" },
        { "name: nearest", "name: ¦9lives", "'9lives' is no name; names begin with a letter" },
        { "name: nearest, memory", "name: ¦\"\", memory", "'' is no name" },

        { "latency: 2us }", "latency: 2us }\n  - { name: second, nic: ¦nic0, memory: 48MiB }", "'nic0' has one port, and 'initiator0' is at its other end; give 'second' a NIC of its own" },

        // sizes, rates, times, numbers
        { "size: 64MiB, bar", "size: ¦64MB?, bar", "'size': '64MB?' is not a size; did you mean 64MiB or 64000000?" },
        { "size: 64MiB, bar", "size: ¦64MB, bar", "did you mean 64MiB or 64000000?" },
        { "size: 64MiB, bar", "size: ¦64mib, bar", "did you mean 64MiB?" },
        { "size: 64MiB, bar", "size: ¦64M, bar", "did you mean 64MiB or 64000000?" },
        { "size: 64MiB, bar", "size: ¦-5, bar", "'size': '-5' is negative; write a size like 64MiB" },
        { "size: 64MiB, bar", "size: ¦many, bar", "'many' is not a size; write it like 64MiB" },
        { "size: 64MiB, bar", "size: ¦1.2.3MiB, bar", "is not a size" },
        { "size: 64MiB, bar", "size: ¦0.3KiB, bar", "is not a whole number of base units" },
        { "size: 64MiB, bar", "size: ¦99999999999999999999TiB, bar", "is too large for a size" },
        { "size: 64MiB, bar", "size: ¦99999999999999999999999999999999, bar", "has more digits than a size can have" },
        { "rate: 38GB/s", "rate: ¦38GB", "'rate': '38GB' is not a rate; did you mean 38GB/s?" },
        { "rate: 100Gb/s", "rate: ¦100Gbps", "did you mean 100Gb/s?" },
        { "rate: 100Gb/s", "rate: ¦100gb/s", "did you mean 100GB/s or 100Gb/s?" },
        { "rate: 100Gb/s", "rate: ¦0GB/s", "'rate': '0GB/s' is less than the least, 1000B/s" },
        { "latency: 90ns", "latency: ¦90", "'90' is not a time; did you mean 90ns, 90us or 90ms?" },
        { "latency: 90ns", "latency: ¦2h", "'2h' is not a time" },
        { "latency: 90ns", "latency: ¦90s", "is more than the most, 60000000000ns" },
        { "seed: 7", "seed: ¦18446744073709551616", "'18446744073709551616' is larger than 18446744073709551615" },
        { "seed: 7", "seed: ¦-7", "'-7' is negative; write a whole number from 0" },
        { "seed: 7", "seed: ¦seven", "'seven' is not a whole number" },
        { "queueDepth: 8", "queueDepth: ¦0", "'queueDepth': '0' is less than the least, 1" },
        { "queueDepth: 8", "queueDepth: ¦5000", "is more than the most, 1024" },
        { "pages: true", "pages: ¦yes", "'pages': 'yes' is neither true nor false" },

        // host
        { "vendor: AuthenticAMD", "vendor: ¦AuthenticAmd", "is no vendor_id of /proc/cpuinfo; did you mean 'AuthenticAMD'?" },
        { "vendor: GenuineIntel", "vendor: ¦Intel", "is no vendor_id of /proc/cpuinfo" },
        { "family: 25", "family: ¦1000", "is more than the most, 270" },
        { "mode: strict", "mode: ¦strictly", "'mode': 'strictly' is no mode; did you mean 'strict'? (there is: strict, lazy, passthrough, off)" },
        { "mode: strict", "¦moed: strict", "'iommu' has no key 'moed'; did you mean 'mode'?" },
        { "format: vtdSecondStage", "format: ¦armSmmuV3", "'format': 'armSmmuV3' is no format (there is: amdV1, vtdSecondStage, x86-64)" },
        { "iotlb: 512", "iotlb: ¦100", "'iotlb': 100 entries cannot be; write 0 for none, or a power of two from 8" },
        { "iotlb: 512", "iotlb: ¦4", "'iotlb': 4 entries cannot be" },
        { "iotlb: 512", "iotlb: ¦2097152", "is more than the most, 1048576" },
        { "iommu: { mode: strict, format: vtdSecondStage, iotlb: 512 }", "iommu: ¦on", "'iommu' is a mapping of mode, format, iotlb, not 'on'" },
        { "dmaMask: 48", "dmaMask: ¦16", "'dmaMask': '16' is less than the least, 28" },
        { "dmaMask: 48", "dmaMask: ¦65", "is more than the most, 64" },
        { "under: rp1, aperture", "¦dmamask: 32, under: rp1, aperture", "dmaMask" },
        { "dmaMask: { nvme0: 32 }", "dmaMask: { ¦nvme9: 32 }", "there is no node of the fabric 'nvme9'" },
        { "dmaMask: { nvme0: 32 }", "dmaMask: { ¦sw0p0: 32 }", "'sw0p0' is a downstreamPort, which puts no addresses on the bus itself; devices do" },
        { "dmaMask: { nvme0: 32 }", "dmaMask: { nvme0: ¦8 }", "'nvme0': '8' is less than the least, 28" },
        { "dmaMask: { nvme0: 32 }", "dmaMask: ¦32", "'dmaMask' of a route maps devices to address bits, like { nvme0: 32 }, not '32'" },
        { "iommu: { mode: lazy }", "iommu: { ¦colour: lazy }", "'iommu' has no key 'colour'; its keys are mode, format, iotlb" },
        { "kernel: 6.12", "kernel: ¦six", "'six' is no release; write it like 6.12" },
        { "kernel: 6.12", "kernel: ¦4.19", "knew no peer-to-peer DMA; the first was 4.20" },
        { "size: 1GiB, rate", "size: ¦16MiB, rate", "16MiB of RAM are too little: 'out' keeps 4MiB in flight (chunk times queueDepth), and queues take 16MiB; at least 20MiB would do" },
        { "size: 1GiB, rate", "size: ¦1073741825, rate", "1073741825 bytes are no whole 4 KiB granules; the nearest are 1GiB and 1048580KiB" },

        // nodes
        { "type: gpu,", "type: ¦gpuu,", "'gpuu' is no type; did you mean 'gpu'?" },
        { "type: gpu, under: rp1,", "type: gpu, under: ¦rp7,", "there is no node to hang a gpu under 'rp7'; did you mean 'rp0'?" },
        { "- { name: gpu0, type: gpu, under: rp1,", "- ¦{ name: gpu0, type: gpu,", "a gpu needs the key 'under'" },
        { "type: rdmaNic, under: sw0p2", "type: rdmaNic, under: ¦sw0", "'sw0' is a switch; an rdmaNic hangs under a rootPort or downstreamPort" },
        { "type: switch, under: rp0", "type: switch, under: ¦hb0", "'hb0' is a hostBridge; a switch hangs under a rootPort or downstreamPort" },
        { "type: gpu, under: rp1", "type: gpu, under: ¦rp0", "the link below 'rp0' already ends at 'sw0' (13:39); a port has one link partner" },
        { "type: switch, under: rp0", "type: switch, under: ¦sw0p0", "'under' runs in a circle: sw0 under sw0p0 under sw0; a tree ends at a hostBridge" },
        { "type: switch, under: rp0", "type: switch, under: ¦sw0", "'under' runs in a circle: sw0 under sw0;" },
        { "type: rootPort, under: hb0, link: gen4x16, acs", "type: rootPort, under: ¦sw0p1, link: gen4x16, acs", "rp0 under sw0p1 under sw0 under rp0" },
        { "type: hostBridge, id", "type: hostBridge, under: ¦rp0, id", "'under' runs in a circle: hb0 under rp0 under hb0" },
        { "id: \"1022:14a4\"", "id: ¦\"1022:14a\"", "'1022:14a' is no PCI id; write vendor and device as four hexadecimal digits" },
        { "id: \"1022:14a4\"", "id: ¦\"1022-14a4\"", "is no PCI id" },
        { "id: \"1022:14a4\"", "id: ¦\"ffff:14a4\"", "vendor ffff is what an absent device reads as" },
        { "busOffset: 4GiB", "busOffset: ¦4GB", "'4GB' is no offset" },
        { "busOffset: 4GiB", "busOffset: ¦16MiB", "BARs below 'hb0' need addresses that are multiples of up to 256MiB; so does the offset" },
        { "link: gen5x8", "link: ¦gen5", "'gen5' is no link; write generation and lanes like gen4x16" },
        { "link: gen5x8", "link: ¦gen7x8", "names no PCIe generation; there are gen1 to gen6" },
        { "link: gen5x8", "link: ¦gen5x3", "is no link width; lanes are 1, 2, 4, 8, 12, 16, 32" },
        { "- { name: rp1, type: rootPort, under: hb0, link: gen4x16 }", "- ¦{ name: rp1, type: rootPort, under: hb0 }", "a rootPort needs the key 'link'" },
        { "acs: [SV, RR]", "acs: [SV, ¦RX]", "'acs': 'RX' is no control bit (there is: SV, TB, RR, CR, UF, EC, DT)" },
        { "acs: [SV, RR]", "acs: [SV, ¦rr]", "'rr' is no control bit; did you mean RR?" },
        { "acs: [SV, RR]", "acs: [SV, ¦SV]", "SV is given twice" },
        { "acs: [SV, RR]", "acs: ¦SV", "'acs' is a list of control bits that are set, like [RR, CR], not 'SV'" },

        // BARs
        { "size: 64MiB, bar: 2", "size: ¦60MiB, bar: 2", "a BAR of 60MiB cannot be: its size is a power of two; the nearest are 32MiB and 64MiB" },
        { "size: 64MiB, bar: 2", "size: ¦2KiB, bar: 2", "'2KiB' is less than the least, 4KiB" },
        { "size: 64MiB, bar: 2", "size: 64MiB, bar: ¦0", "BAR 0 overlaps the controller's registers" },
        { "size: 64MiB, bar: 2", "size: 64MiB, bar: ¦1", "BAR 1 overlaps the controller's registers" },
        { "size: 64MiB, bar: 2", "size: 64MiB, bar: ¦5", "there is none after BAR 5" },
        { "size: 64MiB, bar: 2", "size: 64MiB, bar: ¦6", "'6' is more than the most, 5" },
        { "aperture: 256MiB", "aperture: ¦100MiB", "the nearest are 64MiB and 128MiB" },
        { "aperture: 256MiB", "aperture: ¦512KiB", "'aperture': '512KiB' is less than the least, 1MiB" },
        { "memory: 2GiB", "memory: ¦2147487744", "'memory': 2097156KiB is not whole steps of the aperture, 1MiB each; the nearest are 2GiB and 2049MiB" },
        { "aperture: 256MiB", "aperture: ¦4GiB", "4GiB show more than the 2GiB of memory behind them" },

        // namespaces and initiators
        { "size: 32MiB, lba: 512", "size: ¦32769, lba: 512", "32769 bytes are no whole blocks of 512 bytes; the nearest are 32KiB and 33280" },
        { "lba: 512", "lba: ¦520", "blocks of 520 bytes are not formatted by these drives; write 512 or 4096" },
        { "size: 32MiB, lba: 512", "size: 32MiB, backing: ¦/nonexistent/file", "there is no file '/nonexistent/file'; make one with: truncate -s 33554432" },
        { "size: 32MiB, lba: 512", "size: 32MiB, backing: ¦/tmp", "'/tmp' is not an ordinary file but a directory" },
        { "size: 32MiB, lba: 512", "size: 32MiB, backing: ¦/dev/zero", "'/dev/zero' is not an ordinary file but a device" },
        { "nic: nic0", "nic: ¦nic9", "there is no rdmaNic 'nic9'; did you mean 'nic0'? (there is: nic0)" },
        { "nic: nic0", "nic: ¦gpu0", "'gpu0' is a gpu; an initiator talks to an rdmaNic (there is: nic0)" },

        // transfers
        { "to: ns2", "to: ¦ns9", "there is no namespace or initiator 'ns9'; did you mean 'ns0'? (there is: ns0, ns1, ns2, initiator0)" },
        { "to: ns2", "to: ¦nvme1", "'to': 'nvme1' is a node; bytes lie in namespaces and initiators; its namespaces are ns1, ns2" },
        { "to: ns2", "to: ¦ns0", "'to' is 'ns0', as 'from' is" },
        { "length: 8MiB", "length: ¦20MiB", "20MiB from offset 4KiB pass the end of namespace 'ns1', which has 16MiB; 16380KiB lie there" },
        { "length: 8MiB", "length: ¦16MiB", "16MiB from offset 4KiB pass the end of namespace 'ns1', which has 16MiB; 16380KiB lie there" },
        { "length: 8MiB", "length: ¦60MiB", "pass the end of the memory of 'initiator0'" },
        { "toOffset: 4096", "toOffset: ¦1TiB", "no byte lies there" },
        { "fromOffset: 1MiB", "fromOffset: ¦18446744073709551615", "no byte lies there" },
        { "toOffset: 4096", "toOffset: ¦512", "512 bytes are no whole blocks of 'ns1', which are 4096 bytes; the nearest are 0 and 4KiB" },
        { "length: 4MiB", "length: ¦100", "'length': 100 bytes are no whole blocks of 'ns0', which are 512 bytes; the nearest is 512" },
        { "length: 4MiB", "length: ¦18446744073709551615", "which are 512 bytes; the nearest is 18446744073709551104" },
        { "length: 4MiB", "length: ¦4000", "'length': 4000 bytes are no whole blocks of 'ns0', which are 512 bytes; the nearest are 3584 and 4KiB" },
        { "length: 4MiB", "length: ¦512", "no whole blocks of 'ns2', which are 4096 bytes" },
        { "length: 4MiB", "length: ¦0", "'0' is less than the least, 1" },
        { "chunk: 128KiB", "chunk: ¦6KiB", "no whole 4 KiB granules; the nearest are 4KiB and 8KiB" },
        { "chunk: 128KiB", "chunk: ¦32MiB", "is more than the most, 16MiB" },

        // routes
        { "memory: nvme1", "memory: ¦nvme9", "there is no staging memory 'nvme9'; did you mean 'nvme1'? (there is: ram, auto, nvme1, gpu0)" },
        { "memory: nvme1", "memory: ¦nic0", "'nic0' has no memory that peers can reach; write ram, auto or one of: nvme1, gpu0" },
        { "memory: nvme1", "memory: ¦nvme0", "give it a 'cmb', or" },
        { "memory: auto", "memory: ram, pages: ¦false", "RAM has page descriptors in any case" },
        { "acs: { sw0p0: [RR, CR] }", "acs: { ¦sw9p0: [RR, CR] }", "there is no node of the fabric 'sw9p0'; did you mean 'sw0p0'?" },
        { "acs: { sw0p0: [RR, CR] }", "acs: { ¦hb0: [RR, CR] }", "'hb0' is a hostBridge, which has no ACS capability" },
        { "acs: { sw0p0: [RR, CR] }", "acs: ¦[RR, CR]", "'acs' of a route maps nodes to control bits" },
        { "acs: { sw0p0: [RR, CR] }", "acs: { sw0p0: [RR, ¦XX] }", "'XX' is no control bit" },
        { "acs: { sw0p0: [RR, CR] }", "acs: { sw0p0: [RR], ¦sw0p0: [CR] }", "'sw0p0' is given twice" },

        // faults
        { "kind: dmaError", "kind: ¦dmaErorr", "is no kind of fault; did you mean 'dmaError'?" },
        { "target: nic0", "target: ¦nic1", "there is no device 'nic1'; did you mean 'nic0'?" },
        { "target: nic0", "target: ¦sw0", "'sw0' is a switch; a fault hits a device and its link" },
        { "step: 3", "step: ¦0", "'0' is less than the least, 1" },
        { "route: bounce", "route: ¦bonuce", "there is no route 'bonuce'; did you mean 'bounce'?" },

        // YAML
        { "  kernel: 6.12", "¦\tkernel: 6.12", "a tab indents this line; YAML indents with spaces" },
        { "seed: 7", "seed: 7¦\u0007", "control character U+0007; a scenario is plain text" },
        { "seed: 7", "seed: ¦&a 7", "anchor '&a': a scenario has no anchors and aliases" },
        { "seed: 7", "seed: ¦*a", "alias '*a': a scenario has no anchors and aliases" },
        { "seed: 7", "seed: ¦!!int 7", "a scenario has no tags" },
    };

    [Theory]
    [MemberData(nameof(Mutations))]
    public void OneMistake_GivesOneMessage_AtItsPlace(string find, string replacement, string message)
    {
        (string text, long line, long column) = Draft.Mutate(find, replacement);
        (_, IReadOnlyList<ScenarioError> errors) = Draft.Read(text);

        ScenarioError error = Assert.Single(errors);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal($"s.yaml:{line}:{column}", $"{error.File}:{error.Line}:{error.Column}");
    }
}
