// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Scenarios;
using Physr.Storage.Raid;

namespace Physr.Machine.Tests.Storage;

/// <summary>One mistake, one message.</summary>
public sealed class StorageReaderTests
{
    [Fact]
    public void EveryKey_ArrivesInItsRecord()
    {
        const string Routes = """
            - { name: a, level: 6, lose: 2 }
              - { name: b, level: 0, chunk: 4KiB, iommu: { mode: strict }, cpu: { vendor: GenuineIntel, family: 6 }, acs: { p0: [RR] } }
            """;
        Scenario scenario = StorageScenario.Good(StorageScenario.Text(Routes));
        StorageSpec storage = scenario.Storage!;
        Assert.Equal(["pmem0", "pmem1", "pmem2", "pmem3"], storage.Members);
        Assert.Equal(("pmem4", 512UL << 10, 200UL << 10, "ns0", "host0"), (storage.Spare, storage.FileBytes, storage.CutBytes, storage.Drive, storage.Initiator));
        Assert.Equal(new StorageRouteSpec(RaidLevel.Raid6, 16 << 10, 2), scenario.Routes[0].Storage);
        Assert.Equal(new StorageRouteSpec(RaidLevel.Raid0, 4 << 10, 0), scenario.Routes[1].Storage);
        Assert.Equal(IommuPolicy.Strict, scenario.Routes[1].Iommu!.Policy);
        Assert.Equal(4, scenario.Routes[1].AcsControl["p0"]);
    }

    [Theory]
    [InlineData("kind: storage", "kind: storag", "is no kind of scenario; did you mean 'storage'?")]
    [InlineData("kind: storage\n", "", "'storage' belongs to a scenario of kind storage; write 'kind: storage' too")]
    [InlineData("[pmem0, pmem1, pmem2, pmem3]", "[pmem0, pmem1, pmem2, pmem2]", "'pmem2' is a member already")]
    [InlineData("[pmem0, pmem1, pmem2, pmem3]", "[pmem0, pmem1, pmem2, pmem9]", "there is no pmem of the fabric 'pmem9'; did you mean")]
    [InlineData("[pmem0, pmem1, pmem2, pmem3]", "[pmem0, pmem1, pmem2, nvme0]", "'members': 'nvme0' is an nvme; name a pmem")]
    [InlineData("[pmem0, pmem1, pmem2, pmem3]", "[pmem0]", "'level': ")]
    [InlineData("spare: pmem4", "spare: pmem3", "'spare': 'pmem3' is a member already")]
    [InlineData("  spare: pmem4\n", "", "a member is lost and 'storage' names no 'spare' to rebuild it on")]
    [InlineData("under: p4, memory: 8MiB", "under: p4, memory: 4MiB", "'memory': the spare 'pmem4' is smaller than the members it may replace, 8MiB")]
    [InlineData("under: p0, memory: 8MiB", "under: p0, memory: 7MiB", "'memory': a BAR of 7MiB cannot be")]
    [InlineData("under: p0, memory: 8MiB", "under: p0, memory: 1MiB", "'memory': '1MiB' is less than the least, 2MiB")]
    [InlineData("chunk: 16KiB", "chunk: 12KiB", "'chunk': 12KiB is no power of two; write one from 4KiB to 4MiB")]
    [InlineData("file: 512KiB", "file: 510KiB", "'file'")]
    [InlineData("ns0, size: 1MiB", "ns0, size: 256KiB", "'drive': 'ns0' has 256KiB, and the file 512KiB")]
    [InlineData("host0, nic: nic0, memory: 1MiB", "host0, nic: nic0, memory: 256KiB", "'initiator': 'host0' has 256KiB of memory, and the file 512KiB")]
    [InlineData("cut: 200KiB", "cut: 512KiB", "'cut': the file has 512KiB; it is cut to fewer")]
    [InlineData("drive: ns0", "drive: ns1", "there is no namespace 'ns1'; did you mean 'ns0'?")]
    [InlineData("initiator: host0", "initiator: host1", "there is no initiator 'host1'; did you mean 'host0'?")]
    [InlineData("level: 10 }", "level: 4 }", "'level': '4' is no level (there is: 0, 1, 5, 6, 10)")]
    [InlineData(", level: 10 }", " }", "needs the key 'level'")]
    [InlineData("level: 10 }", "level: 10, lose: 2 }", "'lose': this array survives the loss of 1 of its members, whichever they are")]
    [InlineData("level: 10 }", "level: 0, lose: 1 }", "'lose': this array survives the loss of 0 of its members")]
    [InlineData("level: 10 }", "level: 10, provider: nvme0 }", "a route of a scenario of kind storage has no key 'provider'")]
    [InlineData("seed: 7", "seed: 7\ntransfers: []", "a scenario of kind storage has no key 'transfers'")]
    public void OneMistake_OneMessage(string find, string replacement, string message)
    {
        string text = StorageScenario.Text();
        Assert.Contains(find, text, StringComparison.Ordinal);
        IReadOnlyList<ScenarioError> errors = StorageScenario.Read(text.Replace(find, replacement, StringComparison.Ordinal)).Errors;
        Assert.True(errors.Count == 1, string.Join("\n", errors));
        Assert.Contains(message, errors[0].ToString(), StringComparison.Ordinal);
        Assert.True(errors[0].Line > 0);
    }

    [Fact]
    public void AnArrayWithoutRoomForTheFileIsRefused_WithWhatItHasAndNeeds()
    {
        string text = StorageScenario.Text("- { name: raid1, level: 1 }").Replace("memory: 8MiB", "memory: 4MiB", StringComparison.Ordinal);
        ScenarioError error = Assert.Single(StorageScenario.Read(text).Errors);
        Assert.Contains("two files of 512KiB and what is kept about them need 5MiB", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AFileBehindACardIsOrdinaryAndLongEnough_AndThereIsOneRoute()
    {
        string path = Path.Combine(Path.GetTempPath(), $"physr-{Guid.NewGuid():N}.img");
        Dictionary<string, string> files = new(StringComparer.Ordinal) { ["pmem0"] = path };
        Assert.Contains($"there is no file '{path}'; make one with: truncate -s {8 << 20} {path}", One(StorageScenario.Text(), files), StringComparison.Ordinal);
        File.WriteAllBytes(path, new byte[4096]);
        Assert.Contains("has 4096 bytes", One(StorageScenario.Text(), files), StringComparison.Ordinal);
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(8 << 20);
        }

        Assert.NotNull(StorageScenario.Read(StorageScenario.Text(), files).Scenario);
        string two = StorageScenario.Text("- { name: a, level: 10 }\n  - { name: b, level: 5 }");
        Assert.Contains("there are 2 routes with an array each: leave one", One(two, files), StringComparison.Ordinal);
        Assert.Contains("there is no namespace or pmem 'pmem9'", One(StorageScenario.Text(), new(StringComparer.Ordinal) { ["pmem9"] = path }), StringComparison.Ordinal);
        File.Delete(path);
    }

    private static string One(string text, Dictionary<string, string> files) => Assert.Single(StorageScenario.Read(text, files).Errors).ToString();
}
