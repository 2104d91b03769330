// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Unaddressable;

/// <summary>One mistake, one message.</summary>
public sealed class ProcessReaderTests
{
    [Fact]
    public void EveryKey_ArrivesInItsRecord()
    {
        const string Routes = """
            - { name: a }
              - { name: b, policy: mapSystem, granule: 64KiB, hugePages: true, numbering: physicalRange, memory: 2MiB, data: 6MiB, iommu: { mode: strict }, hotplug: { at: 0x3ffff8000000, size: 128MiB } }
            """;
        Scenario scenario = ProcessScenario.Good(ProcessScenario.Text(Routes, "- { kind: linkDown, target: gpu0, step: 3, route: b }"));
        Assert.Equal(("gpu0", 40, 5, 6), (scenario.Unaddressable!.Gpu, scenario.Unaddressable.Nodes, scenario.Unaddressable.Counters, scenario.Unaddressable.Rounds));
        Assert.Equal(new SvmRouteSpec(4 << 20, 16 << 20, SvmPolicy.Migrate, 2 << 20, true, PrivateNumbering.OffsetSpace, null), scenario.Routes[0].Svm);
        SvmRouteSpec second = new(2 << 20, 6 << 20, SvmPolicy.MapSystem, 64 << 10, true, PrivateNumbering.PhysicalRange, new PhysicalRange(new(0x3ffff8000000), 128 << 20));
        Assert.Equal(second, scenario.Routes[1].Svm);
        Assert.Equal(IommuPolicy.Strict, scenario.Routes[1].Iommu!.Policy);
        Assert.Equal("b", Assert.Single(scenario.Faults).Route);
    }

    [Theory]
    [InlineData("kind: unaddressable", "kind: unadressable", "is no kind of scenario; did you mean 'unaddressable'? (there is: offload, slices, unaddressable, storage)")]
    [InlineData("kind: unaddressable\n", "", "'unaddressable' belongs to a scenario of kind unaddressable; write 'kind: unaddressable' too")]
    [InlineData("gpu: gpu0", "gpu: gpu1", "there is no gpu of the fabric 'gpu1'; did you mean 'gpu0'?")]
    [InlineData("gpu: gpu0", "gpu: rp0", "'gpu': 'rp0' is a rootPort; name a gpu")]
    [InlineData("  gpu: gpu0\n", "", "'unaddressable' needs the key 'gpu'")]
    [InlineData("rounds: 6", "round: 6", "'unaddressable' has no key 'round'; did you mean 'rounds'?")]
    [InlineData("memory: 4MiB", "memory: 3MiB", "'memory': 3MiB are not whole 2 MiB; the nearest are 2MiB and 4MiB")]
    [InlineData("data: 16MiB", "data: 1MiB", "'data': '1MiB' is less than the least, 2MiB")]
    [InlineData("data: 16MiB", "data: 16386KiB", "'data': 16386KiB are not whole 2 MiB")]
    [InlineData("memory: 4MiB", "memory: 6MiB", "'memory': 'gpu0' has 8MiB; beside 6MiB for pages it needs 4MiB for its page tables")]
    [InlineData("data: 16MiB", "data: 128MiB", "'data': a process with 128MiB needs 146MiB of RAM in one run, below 3GiB or above 4GiB, and the host another 16MiB; it has 128MiB")]
    [InlineData("nodes: 40", "nodes: 4097", "'nodes': 4097 nodes do not lie scattered over 16MiB; one for each 4KiB, 4096, is the most")]
    [InlineData("counters: 5", "counters: 513", "'counters': '513' is more than the most, 512")]
    [InlineData("{ name: migrate }", "{ name: migrate, memory: ram }", "'memory': 'ram' is not a size")]
    [InlineData("{ name: migrate }", "{ name: migrate, memory: 6MiB }", "'memory': 'gpu0' has 8MiB; beside 6MiB")]
    [InlineData("{ name: migrate }", "{ name: migrate, policy: mapsystem }", "'policy': 'mapsystem' is no policy; did you mean 'mapSystem'? (there is: migrate, mapSystem)")]
    [InlineData("{ name: migrate }", "{ name: migrate, granule: 12KiB }", "'granule': 12KiB is no power of two; write one from 4KiB to 2MiB")]
    [InlineData("{ name: migrate }", "{ name: migrate, granule: 4MiB }", "'granule': '4MiB' is more than the most, 2MiB")]
    [InlineData("{ name: migrate }", "{ name: migrate, numbering: offset }", "'numbering': 'offset' is no numbering")]
    [InlineData("{ name: migrate }", "{ name: migrate, hotplug: { at: 4096, size: 128MiB } }", "'at': RAM is added by whole sections of 128MiB")]
    [InlineData("{ name: migrate }", "{ name: migrate, hotplug: { size: 128MiB } }", "'hotplug' needs the key 'at'")]
    [InlineData("{ name: migrate }", "{ name: migrate, hotplug: { at: 0xfffffffff8000000, size: 256MiB } }", "leave the address space")]
    [InlineData("{ name: migrate }", "{ name: migrate, acs: { rp0: [] } }", "a route of a scenario of kind unaddressable has no key 'acs'")]
    [InlineData("seed: 7", "seed: 7\ntransfers: []", "a scenario of kind unaddressable has no key 'transfers'")]
    public void OneMistake_OneMessage(string find, string replacement, string message)
    {
        string text = ProcessScenario.Text();
        Assert.Contains(find, text, StringComparison.Ordinal);
        IReadOnlyList<ScenarioError> errors = ProcessScenario.Read(text.Replace(find, replacement, StringComparison.Ordinal)).Errors;
        Assert.True(errors.Count == 1, string.Join("\n", errors));
        Assert.Contains(message, errors[0].ToString(), StringComparison.Ordinal);
        Assert.True(errors[0].Line > 0);
    }
}
