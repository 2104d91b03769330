// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Slices;

/// <summary>One mistake, one message.</summary>
public sealed class SliceReaderTests
{
    [Fact]
    public void EveryKey_ArrivesInItsRecord()
    {
        const string Buffers = "[ { name: a, bar: 0, ranges: [ { offset: 0, length: 4KiB } ] }, { name: b, bar: 4 } ]";
        SlicesSpec slices = SliceScenario.Good(SliceScenario.Text(buffers: Buffers)).Slices!;
        Assert.Equal(("vf0", 12), (slices.Exporter, slices.InFlight));
        Assert.Equal(["gpu0", "gpu1"], slices.Importers);
        Assert.Equal([new BarSlice(0, 4096)], slices.Buffers[0].Slices);
        Assert.Equal(("b", 4, 4096UL), (slices.Buffers[1].Name, slices.Buffers[1].Bar, slices.Buffers[1].Length));
        Assert.Equal(8, SliceScenario.Good(SliceScenario.Text().Replace("  inFlight: 12\n", "", StringComparison.Ordinal)).Slices!.InFlight);
    }

    [Theory]
    [InlineData("kind: slices", "kind: slice", "'kind': 'slice' is no kind of scenario; did you mean 'slices'? (there is: offload, slices, unaddressable, storage)")]
    [InlineData("exporter: vf0", "exporter: vf1", "there is no endpoint of the fabric 'vf1'; did you mean 'vf0'?")]
    [InlineData("exporter: vf0", "exporter: gpu0", "'exporter': 'gpu0' is a gpu; name an endpoint")]
    [InlineData("exporter: vf0", "exprter: vf0", "'slices' has no key 'exprter'; did you mean 'exporter'?")]
    [InlineData("[gpu0, gpu1]", "[gpu0, gpu0]", "'gpu0' is an importer already")]
    [InlineData("[gpu0, gpu1]", "[gpu0, vf0]", "'importers': 'vf0' is an endpoint; name a gpu")]
    [InlineData("[gpu0, gpu1]", "[]", "'importers' is empty")]
    [InlineData("{ name: b, bar: 2 }", "{ name: b, bar: 1 }", "'bar': 'vf0' has no BAR 1 (there is: 0, 2, 4)")]
    [InlineData("{ name: b, bar: 2 }", "{ name: a, bar: 2 }", "the name 'a' is taken by the buffer")]
    [InlineData("{ name: b, bar: 2 }", "{ name: b, bar: 2, ranges: [ { offset: 0, length: 8KiB } ] }", "the range 0+8KiB leaves its BAR of 4KiB")]
    [InlineData("{ name: b, bar: 2 }", "{ name: b, bar: 2, ranges: [ { offset: 2KiB, length: 4KiB } ] }", "'offset'")]
    [InlineData("{ name: b, bar: 2 }", "{ name: b, bar: 2, ranges: [ { length: 1KiB } ] }", "'length': '1KiB' is less than the least, 4KiB")]
    [InlineData("{ name: b, bar: 2 }", "{ name: b, bar: 0 }", "0+4KiB of BAR 0 overlaps what is lent at 20:14; each byte is lent once")]
    [InlineData("{ name: b, bar: 2 }", "{ name: b, bar: 2, ranges: [ { length: 4KiB }, { length: 4KiB } ] }", "0+4KiB of BAR 2 overlaps what is lent at")]
    [InlineData("bars: [4KiB, 4KiB, 4KiB]", "bars: [512MiB, 4KiB, 4KiB]", "'buffers' lend 524296KiB; 256MiB together are the most")]
    [InlineData("bars: [4KiB, 4KiB, 4KiB]", "bars: [4TiB, 4TiB, 4TiB]", "'buffers' lend 12TiB; 256MiB together are the most")]
    [InlineData("kind: slices\n", "", "'slices' belongs to a scenario of kind slices; write 'kind: slices' too")]
    [InlineData("inFlight: 12", "inFlight: -1", "'inFlight': '-1' is negative; write a whole number from 0")]
    [InlineData("inFlight: 12", "inFlight: 65", "'inFlight': '65' is more than the most, 64")]
    [InlineData("bars: [4KiB, 4KiB, 4KiB]", "bars: [4KiB, 4KiB, 12KiB]", "'bars': a BAR of 12KiB cannot be")]
    [InlineData("bars: [4KiB, 4KiB, 4KiB]", "bars: [4KiB, 4KiB, 4KiB, 4KiB]", "'bars' has 4 items; 3 are the most")]
    [InlineData("bars: [4KiB, 4KiB, 4KiB]", "bars: []", "'bars' is empty; an endpoint needs at least one")]
    [InlineData("- { name: peer }", "- { name: peer, memory: ram }", "a route of a scenario of kind slices has no key 'memory'")]
    [InlineData("seed: 7", "seed: 7\ntransfers: []", "a scenario of kind slices has no key 'transfers'")]
    public void OneMistake_OneMessage(string find, string replacement, string message)
    {
        string text = SliceScenario.Text();
        Assert.Contains(find, text, StringComparison.Ordinal);
        IReadOnlyList<ScenarioError> errors = SliceScenario.Read(text.Replace(find, replacement, StringComparison.Ordinal)).Errors;
        Assert.True(errors.Count == 1, string.Join("\n", errors));
        Assert.Contains(message, errors[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AnImportersMemory_HoldsTwiceWhatIsLent()
    {
        string text = SliceScenario.Text().Replace("bars: [4KiB, 4KiB, 4KiB]", "bars: [1MiB, 4KiB, 4KiB]", StringComparison.Ordinal);
        SliceScenario.Good(text);
        text = text.Replace("under: p2, aperture: 1MiB, memory: 16MiB", "under: p2, aperture: 1MiB, memory: 2MiB", StringComparison.Ordinal);
        ScenarioError error = Assert.Single(SliceScenario.Read(text).Errors);
        Assert.Contains("'gpu1' imports 1032KiB and keeps what it writes and what it reads: it needs at least 2064KiB", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AScenarioThatMovesNamespacesLendsNothing()
    {
        IReadOnlyList<ScenarioError> errors = SliceScenario.Read(SliceScenario.Text().Replace("kind: slices", "kind: offload", StringComparison.Ordinal)).Errors;
        Assert.Contains(errors, static error => error.ToString().Contains("a scenario has no key 'slices'", StringComparison.Ordinal));
    }
}
